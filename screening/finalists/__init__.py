"""The best candidates of a ranking in detail: what their cards show beyond the table."""
