"""Elements, compositions, formulas, families: what is known before any crystal is read."""
