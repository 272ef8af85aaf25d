"""How one column of a table becomes numbers that a net can produce, and comes back."""
