"""What G and D optimise: losses, penalties, and the two functions that the step calls."""
