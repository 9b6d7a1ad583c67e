#!/usr/bin/env python
"""Rebuild `datasets/` from the raw reference tables and the raw element tables.

    python scripts/build_datasets.py --reference DIR --elements DIR/prices.csv DIR/lanthanides.csv

Every structure is built with pymatgen, checked against its row's formula and number of sites, and reduced to its
primitive cell. A row that fails a check stops the build: the tables are curated, so a mismatch is a mistake.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.core import Lattice, Structure

from screening.crystals.reading.wyckoff_table import checked_cell, has_ordered_cell, read_rows

Row = dict[str, str]

LANDMARKS = {"magnets": ("Nd2Fe14B", "SmCo5", "BaFe12O19"), "electrodes": ("LiFePO4", "LiCoO2")}
PRICE_COLUMNS = {
    "element": "element",
    "price_usd_kg": "price_USD_per_kg",
    "price_period": "price_period",
    "price_source": "price_source",
    "HHI_production": "hhi_production",
    "HHI_reserve": "hhi_reserve",
    "HHI_source": "hhi_source",
    "note": "note",
}
# Oxygen and nitrogen come from the air in synthesis; the price of the bottled gas would say nothing.
FREE_ELEMENTS = ("N", "O")


def main() -> None:
    """Read the arguments and write every file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True, help="folder with magnets.csv and electrodes.csv")
    parser.add_argument("--elements", type=Path, nargs="+", required=True, help="prices.csv and lanthanides.csv")
    parser.add_argument("--output", type=Path, default=Path(__file__).resolve().parent.parent / "datasets")
    arguments = parser.parse_args()
    for kind in ("magnets", "electrodes"):
        rows = read_rows(arguments.reference / f"{kind}.csv")
        write_rows(arguments.output / "reference" / f"{kind}.csv", rows)
        candidates = list(unique(candidate(row) for row in rows if has_ordered_cell(row)))
        write_jsonl(arguments.output / "candidates" / f"{kind}.jsonl", candidates)
        landmarks = [entry for entry in candidates if entry["id"] in LANDMARKS[kind]]
        if kind == "electrodes":
            landmarks.append(nmc_111(next(row for row in rows if row["name"].startswith("LiNi1/3Mn1/3Co1/3"))))
        write_jsonl(arguments.output / "landmarks" / f"{kind}.jsonl", landmarks)
        sys.stdout.write(f"{kind}: {len(rows)} rows, {len(candidates)} candidates, {len(landmarks)} landmarks\n")
    for path in arguments.elements:
        rows = read_rows(path, ("element",))
        write_rows(arguments.output / "elements" / path.name, prices(rows) if path.name == "prices.csv" else rows)


def write_rows(path: Path, rows: list[Row]) -> None:
    """A CSV with the columns of its first row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(path: Path, entries: list[dict[str, Any]]) -> None:
    """One JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")


def prices(rows: list[Row]) -> list[Row]:
    """Our columns of the price table, with O and N set to zero and that said in the note."""
    result = [{new: row[old] for old, new in PRICE_COLUMNS.items()} for row in rows]
    for row in result:
        if row["element"] in FREE_ELEMENTS:
            row["note"] = f"set to 0: taken from the air (liquid or bottled gas: {row['price_USD_per_kg']} USD/kg)"
            row["price_USD_per_kg"] = "0"
    return result


def candidate(row: Row) -> dict[str, Any]:
    """One candidate row: the checked primitive cell with its provenance; raises RequestError where a check fails."""
    cell = checked_cell(row)
    return entry(row, cell.structure.get_primitive_structure(), cell.formula, cell.approximant)


def entry(row: Row, structure: Structure, formula: str, approximant: bool) -> dict[str, Any]:
    """The row as the readers take it; `flags` and `parent_space_group` travel to the ranking."""
    parent = {"parent_space_group": int(row["spacegroup"])} if approximant else {}
    return {
        "id": row["name"],
        "lattice": structure.lattice.matrix.round(6).tolist(),
        "species": [site.specie.symbol for site in structure],
        "frac": structure.frac_coords.round(6).tolist(),
        "formula": formula,
        "confidence": row["confidence"],
        "reference": row["source"],
        "flags": ["ordered_approximant"] if approximant else [],
        **parent,
    }


def unique(entries: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Drop a crystal that the table lists twice: V2O5 stands there for Li and once more for Mg."""
    seen = set()
    for item in entries:
        key = json.dumps([item["lattice"], item["species"], item["frac"]])
        if key not in seen:
            seen.add(key)
            yield item


def nmc_111(row: Row) -> dict[str, Any]:
    """LiNi1/3Mn1/3Co1/3O2 with one Ni, Mn and Co each in a sqrt(3) x sqrt(3) cell of every metal layer.

    The in-plane order is that proposed by Koyama et al., J. Power Sources 119-121, 644 (2003); the layers are stacked
    by the rhombohedral translation. Real samples show at most short-range order.
    """
    hexagonal = Lattice.from_parameters(*(float(row[name]) for name in ("a", "b", "c", "alpha", "beta", "gamma")))
    height = float(row["sites"].split()[-1])
    lattice = Lattice(np.array([[1, -1, 0], [1, 2, 0], [2 / 3, 1 / 3, 1 / 3]]) @ hexagonal.matrix)
    species, positions = [], []
    for step, metal in enumerate(("Ni", "Mn", "Co")):
        species += ["Li", metal, "O", "O"]
        positions += [[step, 0, 0.5], [step, 0, 0], [step, 0, height], [step, 0, -height]]
    cartesian = np.array(positions) @ hexagonal.matrix
    ordered = Structure(lattice, species, cartesian, coords_are_cartesian=True, to_unit_cell=True)
    return entry({**row, "name": "NMC111"}, ordered, "Li3NiMnCoO6", approximant=True)


if __name__ == "__main__":
    main()
