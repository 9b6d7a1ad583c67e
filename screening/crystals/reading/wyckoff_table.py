"""Crystals from tables of space group, cell and Wyckoff sites, such as `datasets/reference/*.csv`.

A row has `name`, `formula` (or, with `structure_is`, `formula_charged` and `formula_discharged`), `spacegroup`
(international number), the cell `a b c alpha beta gamma` (Å, degrees), `sites` (`SPECIES x y z; ...` in decimals or
fractions, origin choice 1, `Fe:0.75+Ti:0.25` for a shared site) and `ordered`. For a crystal that is not ordered, the
same columns with the ending `_ordered` describe an ordered approximant. `nsites_conv` and `vol_A3_fu` are checked if
given.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from screening.crystals.crystal import Crystal
from screening.errors import RequestError

if TYPE_CHECKING:
    from pymatgen.core.composition import Composition
    from pymatgen.core.structure import Structure

Row = Mapping[str, str]

CELL = ("a", "b", "c", "alpha", "beta", "gamma")
NEEDED = ("name", "spacegroup", *CELL, "sites", "ordered")
_TOLERANCE_A = 1e-3  # positions closer than this are one site


@dataclass(frozen=True)
class Cell:
    """The structure of a row with its expected formula, and whether it is an ordered approximant."""

    structure: Structure
    formula: str
    approximant: bool


def read_rows(path: Path, needed: tuple[str, ...] = NEEDED) -> list[dict[str, str]]:
    """All rows as text, so that a formula such as NaN does not become a number.

    Args:
        path: The table.
        needed: Columns that it must have.

    Raises:
        RequestError: The file is missing or wrong; the message names it and the problem.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream, strict=True))
    except FileNotFoundError:
        raise RequestError(f"{path} does not exist") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RequestError(f"{path}: expected a CSV table, but it cannot be read ({error})") from None
    missing = [name for name in needed if not rows or name not in rows[0]]
    if missing:
        problem = f"column {missing[0]} is missing" if rows else "no rows"
        raise RequestError(f"{path}: {problem}; expected the columns {', '.join(needed)}")
    return [{name: text or "" for name, text in row.items() if name is not None} for row in rows]


def has_ordered_cell(row: Row) -> bool:
    """Whether the row's cell has no partial occupancies, or an ordered approximant."""
    return row["ordered"] == "yes" or bool(row.get("sites_ordered"))


def checked_cell(row: Row) -> Cell:
    """The conventional cell of a row's ordered approximant if it has one, else of the row's crystal.

    Raises:
        RequestError: The cell cannot be built, or its composition or number of sites differs from that in the row.
    """
    cell = _build(row)
    expected = _composition(row, cell.formula)
    if not cell.structure.composition.fractional_composition.almost_equals(expected.fractional_composition, rtol=0.01):
        raise RequestError(f"{row['name']}: built {cell.structure.composition.formula}, the table says {cell.formula}")
    sites, stated = len(cell.structure), _number(row, "nsites_conv")
    if stated and sites != stated and not (cell.approximant and _fits(row, cell, sites, stated)):
        raise RequestError(f"{row['name']}: built {sites} sites, the table says {stated:.0f}")
    return cell


def primitive_cell(row: Row, source: str) -> Crystal | Structure:
    """The primitive cell of a row: a crystal, or a structure if it has partial occupancies; its id is the row's name.

    Raises:
        RequestError: As in `checked_cell`.
    """
    cell = checked_cell(row)
    primitive = cell.structure.get_primitive_structure()
    if not primitive.is_ordered:
        primitive.properties = {"id": row["name"]}
        return primitive
    crystal = Crystal.from_structure(primitive, row["name"], source)
    if not cell.approximant:
        return crystal
    return replace(crystal, flags=("ordered_approximant",), parent_space_group=int(row["spacegroup"]))


def _build(row: Row) -> Cell:
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    suffix = "_ordered" if row["ordered"] != "yes" and row.get("sites_ordered") else ""
    try:
        lattice = Lattice.from_parameters(*(float(row[name + suffix]) for name in CELL))
        sites = [_site(row, text) for text in row["sites" + suffix].split(";")]
        number = int(row["spacegroup" + suffix])
        species, coordinates = [list(part) for part in zip(*sites, strict=True)]
        structure = Structure.from_spacegroup(number, lattice, species, coordinates, tol=_TOLERANCE_A)
    except (ValueError, KeyError, TypeError, IndexError, ZeroDivisionError) as error:
        raise RequestError(f"{row['name']}: no structure can be built from its cell and sites ({error})") from None
    if not structure.is_ordered and (suffix or row["ordered"] == "yes"):
        raise RequestError(f"{row['name']}: marked as ordered, but some atoms share a site")
    return Cell(structure, _formula(row), bool(suffix))


def _site(row: Row, text: str) -> tuple[dict[str, float], list[float]]:
    """Occupancies by element and the position of `Fe 0 0 1/2` or `Fe:0.75+Ti:0.25 0 0 0.5`."""
    shared, *position = text.split() or [""]
    if len(position) != 3:
        raise RequestError(f"{row['name']}: expected SPECIES x y z; ..., found {text.strip()!r} among its sites")
    parts = (part.partition(":") for part in shared.split("+"))
    occupancies = {symbol: float(share) if colon else 1.0 for symbol, colon, share in parts}
    return occupancies, [float(Fraction(number)) for number in position]


def _formula(row: Row) -> str:
    """The formula of the structure; the row of an insertion pair has two and says which one it is."""
    which = {"charged": "formula_charged", "discharged": "formula_discharged"}.get(
        row.get("structure_is", ""), "formula"
    )
    if not row.get(which):
        raise RequestError(f"{row['name']}: {which} is missing")
    return row[which]


def _fits(row: Row, cell: Cell, sites: int, stated: float) -> bool:
    """Whether an approximant's cell is a multiple of the average cell, or its volume agrees within 2 %."""
    if stated % sites == 0 or sites % stated == 0:
        return True
    units = cell.structure.composition.num_atoms / _composition(row, cell.formula).num_atoms
    volume = _number(row, "vol_A3_fu")
    return bool(volume and abs(cell.structure.volume / units / volume - 1) < 0.02)


def _number(row: Row, name: str) -> float:
    """A number; 0 if the column is empty or missing."""
    text = row.get(name) or "0"
    try:
        return float(text)
    except ValueError:
        raise RequestError(f"{row['name']}: {name}={text}: expected a number or nothing") from None


def _composition(row: Row, formula: str) -> Composition:
    from pymatgen.core.composition import Composition

    try:
        return Composition(formula)
    except ValueError:
        raise RequestError(f"{row['name']}: {formula!r} is not a formula") from None
