"""The best few of a ranking in depth: what a card shows beyond the table."""
