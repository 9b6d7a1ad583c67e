"""Voltages as measured: the table, the offsets learned from it, and the comparison with measurements."""
