"""The alternating step and everything around it; it knows no kind of data."""
