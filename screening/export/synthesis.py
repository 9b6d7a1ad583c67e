"""The table for the bench: grams of each element in a batch of each approved candidate."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from screening.chemistry.compositions import count_matrix, mass_fractions
from screening.chemistry.elements import SYMBOLS, atomic_masses
from screening.tracking.reviews import ReviewedFinalist

BATCH_G = 100.0
LEFT_TO_THE_CHEMIST = ("precursor", "precursor_mass_g", "hazards", "remarks")
"""Empty columns for the chemist: precursors, losses and hazards."""

_DECIMALS = 6
_SCHEMA = {
    "rank": pl.Int64,
    "candidate_id": pl.String,
    "formula": pl.String,
    "element": pl.String,
    "atoms_per_formula_unit": pl.Float64,
    "amount_mol_per_100_g": pl.Float64,
    "mass_g_per_100_g": pl.Float64,
}
HEADINGS = {
    "element": "Element",
    "atoms_per_formula_unit": "Atoms per formula unit",
    "amount_mol_per_100_g": "Amount in 100 g (mol)",
    "mass_g_per_100_g": "Mass in 100 g (g)",
    "precursor": "Precursor",
    "precursor_mass_g": "Mass of precursor (g)",
    "hazards": "Hazards",
    "remarks": "Remarks",
}


def synthesis_table(entries: Iterable[ReviewedFinalist]) -> pl.DataFrame:
    """A row for each element of each candidate, the largest mass first; masses follow the formula, without losses."""
    rows: list[tuple[object, ...]] = []
    for entry in entries:
        counts = count_matrix([entry.formula])
        fractions = mass_fractions(counts)[0]
        for number in sorted(np.flatnonzero(counts[0]), key=lambda z: -fractions[z]):
            mass_g = BATCH_G * float(fractions[number])
            amount_mol = mass_g / float(atomic_masses()[number])
            symbol, atoms = SYMBOLS[number], float(counts[0, number])
            rows.append((entry.rank, entry.candidate_id, entry.formula, symbol, atoms, amount_mol, mass_g))
    table = pl.DataFrame(rows, schema=_SCHEMA, orient="row").with_columns(
        pl.col("amount_mol_per_100_g", "mass_g_per_100_g").round(_DECIMALS)
    )
    return table.with_columns(pl.lit(None, pl.String).alias(name) for name in LEFT_TO_THE_CHEMIST)
