"""Networks: G(z, y) -> rows and D(x, y) -> logits. They know no loss and no kind of data."""
