"""All that is particular to one form of data: detect, encode, decode, defaults, metrics, pictures."""
