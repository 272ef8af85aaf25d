"""How good samples are: pure functions of real and fake rows, beside their real-vs-real floor."""
