"""All that is particular to one form of data: how it is encoded, trained on, judged and drawn."""
