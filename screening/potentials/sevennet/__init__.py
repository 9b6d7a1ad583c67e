"""SevenNet-l3i5 on whole batches."""
