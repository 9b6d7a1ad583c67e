#!/usr/bin/env python
"""Build `datasets/phases/phases.parquet`, the known phases on and near the convex hull, from a table of calculations.

    python scripts/build_phases.py DATA/mp/properties.csv --leave-out kept_for_acceptance.txt

The table needs the columns `mp_id`, `formula`, `nsites`, `volume_A3`, `formation_energy_eV_per_atom` and
`energy_above_hull_eV_per_atom`. Of each composition the lowest entry is kept. Formulas in the file `--leave-out`, one a
line, are left out: compounds that predictions are tested on.
"""

from __future__ import annotations

import argparse
from functools import reduce
from math import gcd
from pathlib import Path

import numpy as np
import polars as pl

from screening.chemistry.compositions import chemical_system, count_matrix
from screening.chemistry.formulas import parse_formula, reduced_formula
from screening.chemistry.known_phases import PHASES_FILE

ENERGY, HULL = "formation_energy_eV_per_atom", "energy_above_hull_eV_per_atom"
NEAR_EV_PER_ATOM = 0.1
"""Phases further above the hull change no hull, and are no likely products."""


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("properties", type=Path, help="properties.csv")
    parser.add_argument("--leave-out", type=Path, help="a file of formulas, one a line")
    parser.add_argument("--output", type=Path, default=PHASES_FILE)
    options = parser.parse_args()
    left_out = options.leave_out.read_text(encoding="utf-8").split() if options.leave_out else []
    table = phases(pl.read_csv(options.properties, schema_overrides={"formula": pl.String}), left_out)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    table.write_parquet(options.output, compression="zstd", compression_level=22)


def phases(properties: pl.DataFrame, left_out: list[str]) -> pl.DataFrame:
    """The rows of the table, sorted by chemical system and formula."""
    near = properties.filter((pl.col(HULL) <= NEAR_EV_PER_ATOM) & pl.col(ENERGY).is_not_null())
    names = {formula: _reduced(formula) for formula in {*near["formula"].to_list(), *left_out}}
    formulas = [names[formula] for formula in near["formula"]]
    systems = [chemical_system(row) for row in count_matrix(formulas)]
    columns = [
        pl.Series("chemical_system", systems),
        pl.Series("formula", formulas),
        near[ENERGY].round(4).cast(pl.Float32),
        (near["volume_A3"] / near["nsites"]).round(3).cast(pl.Float32).alias("volume_A3_per_atom"),
        near["mp_id"],
    ]
    compound = pl.col("chemical_system").str.contains("-")
    kept = pl.DataFrame(columns).filter(compound & ~pl.col("formula").is_in([names[each] for each in left_out]))
    return kept.sort("chemical_system", "formula", ENERGY).unique("formula", keep="first", maintain_order=True)


def _reduced(formula: str) -> str:
    amounts = parse_formula(formula)
    if amounts is None:
        raise SystemExit(f"{formula}: expected a formula such as LiCoO2")
    divisor = reduce(gcd, (int(amount) for _, amount in amounts))
    return reduced_formula(np.repeat([number for number, _ in amounts], [int(a) // divisor for _, a in amounts]))


if __name__ == "__main__":
    main()
