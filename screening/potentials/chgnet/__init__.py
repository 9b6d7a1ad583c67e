"""CHGNet on whole batches."""
