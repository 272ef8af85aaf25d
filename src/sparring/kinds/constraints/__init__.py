"""What every row of a table must obey, and how samples are made to obey it."""
