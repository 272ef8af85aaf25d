"""What went wrong in a run, said from its log and its holdout."""
