"""Elements, compositions, formulas, families of elements, and physical constants."""
