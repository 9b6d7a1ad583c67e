"""Elements, compositions, formulas, families, physical constants: what is known before any crystal is read."""
