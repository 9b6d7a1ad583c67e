"""The sites that a CIF lists: what sits on each, where, and with which precision. Every row is accounted for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from screening.crystals.reading.cif.cif_block import CifBlock, Number, parse_number, shown
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.remarks import EMPTY_SITES, ISOTOPES, LABEL_IGNORED, OCCUPANCY_ASSUMED
from screening.crystals.reading.species import (
    VACANCY,
    Occupant,
    Surroundings,
    clear_element,
    names_water,
    occupant_of_label,
    occupant_of_type,
)
from screening.crystals.sites import Occupancy

_PREFIX = "_atom_site_"
_FRACTIONAL = tuple(f"{_PREFIX}fract_{axis}" for axis in "xyz")
_CARTESIAN = tuple(f"{_PREFIX}cartn_{axis}" for axis in "xyz")
_MULTIPLICITY = ("site_symmetry_multiplicity", "symmetry_multiplicity")
_MOST = 1.01
"""Largest occupancy: refined ones exceed 1 a little."""
FINEST = 1e-4
"""Coordinates of more digits than this are noise of a conversion: 0.33333 and 0.333333 are one position."""

Column = list[str | None]


@dataclass(frozen=True)
class ListedSite:
    """One row of a CIF that holds an atom.

    Attributes:
        label: Its label or type, for messages.
        occupancy: Amounts by atomic number.
        frac: (3,) fractional coordinates.
        precision: (3,) how far they may be off because of their digits.
        multiplicity: As stated; None if it is not.
    """

    label: str
    occupancy: Occupancy
    frac: NDArray[np.float64]
    precision: NDArray[np.float64]
    multiplicity: int | None = None


@dataclass
class AtomSites:
    """The sites of a CIF that hold atoms, with what was noticed about them."""

    sites: list[ListedSite] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)


class _Rows:
    """Columns of the loop of atoms; a column that is missing has no values."""

    def __init__(self, block: CifBlock) -> None:
        self.block = block
        self.coordinates = _FRACTIONAL if block.raw(_FRACTIONAL[0]) else _CARTESIAN
        self.count = len(block.raw(self.coordinates[0]))
        if not self.count:
            raise UnreadableError("no atoms in this CIF (truncated?)")
        for name in self.coordinates:
            if not block.raw(name):
                raise UnreadableError(f"{shown(name)} is missing")
        self._loop = block.loop(self.coordinates[0])
        self.types = self.column("type_symbol")
        self.labels = self.column("label", is_read=not all(self.types))  # beside types they are but names
        if not any(self.labels) and not any(self.types):
            raise UnreadableError("neither _atom_site_label nor _atom_site_type_symbol says which atoms these are")

    def column(self, name: str, is_read: bool = True) -> Column:
        """(count,) values of `_atom_site_NAME`."""
        full = _PREFIX + name
        values = self.block.column(full) if is_read else self.block.unchecked(full)
        if not values:
            return [None] * self.count
        if self.block.loop(full) != self._loop or len(values) != self.count:
            raise UnreadableError(f"{shown(full)} stands in another loop than the coordinates: list the atoms in one")
        return values


def listed_sites(block: CifBlock, lattice: NDArray[np.float64], known: frozenset[int] | None) -> AtomSites:
    """The sites of a data block that hold atoms.

    Args:
        block: The data block.
        lattice: (3, 3) row vectors in Å.
        known: Atomic numbers in the formula; None if there is none.

    Raises:
        UnreadableError: A row cannot be understood; the message names its label.
    """
    rows = _Rows(block)
    around = Surroundings(known, _lists_hydrogen(rows), not any(text and text != text.upper() for text in rows.types))
    dummy = [text is not None and text.lower() in ("dum", "dummy") for text in rows.column("calc_flag")]
    _refuse_attached_hydrogen(rows.column("attached_hydrogens"), dummy)
    positions, precision = _positions(rows, dummy)
    occupancies, assumed = _occupancies(rows)
    multiplicities = _multiplicities(rows)
    made = AtomSites([], [OCCUPANCY_ASSUMED] if assumed else [])
    flags = dict.fromkeys(made.flags)
    for row in range(rows.count):
        label = rows.labels[row] or rows.types[row] or f"row {row + 1}"
        occupant = VACANCY if dummy[row] else _occupant(rows, row, around, flags)
        if not occupant.amounts or occupancies[row] == 0.0:
            flags[EMPTY_SITES] = None
            continue
        if occupant.is_isotope:
            flags[ISOTOPES] = None
        amounts = {z: amount * occupancies[row] for z, amount in occupant.amounts.items()}
        made.sites.append(ListedSite(label, amounts, positions[row], precision[row], multiplicities[row]))
    if not made.sites:
        raise UnreadableError("all listed sites are empty")
    _refuse_full_alternatives(rows, occupancies, dummy)
    made.flags = list(flags)
    return made


def _occupant(rows: _Rows, row: int, around: Surroundings, flags: dict[str, None]) -> Occupant:
    label, kind = rows.labels[row], rows.types[row]
    try:
        if kind is None:
            return occupant_of_label(label or "", around)
        occupant = occupant_of_type(kind, around)
    except UnreadableError as error:
        raise UnreadableError(f"site {label or row + 1}: {error}") from None
    if label is None or around.known is not None:
        return occupant  # the formula is compared with the types
    if names_water(label) and 8 in occupant.amounts and not around.hydrogen:
        raise UnreadableError(f"site {label}: hydrogen atoms without positions")
    named = clear_element(label)
    if named is not None and occupant.amounts and named not in occupant.amounts:
        flags[LABEL_IGNORED] = None
    if label.lower().startswith("vac") and occupant.amounts:
        raise UnreadableError(f"site {label}: the label says vacancy, the type {kind}: correct one of them")
    return occupant


def _lists_hydrogen(rows: _Rows) -> bool:
    names = [(kind or label or "").strip("0123456789+-'\"* ").lower() for label, kind in
             zip(rows.labels, rows.types, strict=True)]  # fmt: skip
    return any(name in ("h", "d", "hw", "ho") or (name[:1] == "h" and name[1:2].isdigit()) for name in names)


def _refuse_attached_hydrogen(column: Column, dummy: list[bool]) -> None:
    for text, is_dummy in zip(column, dummy, strict=True):
        if text is not None and not is_dummy and parse_number(text, "_atom_site_attached_hydrogens").value > 0:
            raise UnreadableError("hydrogen atoms without positions (_atom_site_attached_hydrogens)")


def _occupancies(rows: _Rows) -> tuple[list[float], bool]:
    """Occupancies, and whether an unknown one was taken as full."""
    name = _PREFIX + "occupancy"
    values = []
    for row, text in enumerate(rows.column("occupancy")):
        value = 1.0 if text is None else parse_number(text, name).value
        if not 0 <= value <= _MOST:
            raise UnreadableError(f"site {rows.labels[row] or row + 1}: the occupancy {text} is not between 0 and 1")
        values.append(min(value, 1.0))
    return values, "?" in rows.block.raw(name)


def _multiplicities(rows: _Rows) -> list[int | None]:
    """Stated multiplicities; none if all are 1, as programs write that do not know them."""
    for name in _MULTIPLICITY:
        values = [None if text is None else parse_number(text, name).value for text in rows.column(name)]
        if any(value is not None and value > 1 for value in values):
            return [None if value is None or value < 1 else round(value) for value in values]
    return [None] * rows.count


def _positions(rows: _Rows, dummy: list[bool]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n, 3) fractional coordinates and their precision; zeros for dummy sites without coordinates."""
    columns = [rows.column(name.removeprefix(_PREFIX)) for name in rows.coordinates]
    positions, precision = np.zeros((rows.count, 3)), np.full((rows.count, 3), FINEST)
    for axis, column in enumerate(columns):
        for row, text in enumerate(column):
            if text is None:
                if not dummy[row]:
                    raise UnreadableError(f"site {rows.labels[row] or row + 1}: no {shown(rows.coordinates[axis])}")
                continue
            number = parse_number(text, rows.coordinates[axis])
            positions[row, axis], precision[row, axis] = number.value, _precision(number)
    if rows.coordinates is _CARTESIAN:
        return _fractional(rows.block, positions), np.full((rows.count, 3), FINEST)
    return positions, precision


def _precision(number: Number) -> float:
    """One unit of the last of two or more digits, because some programs cut off instead of rounding; plus noise."""
    if number.decimals is None or number.decimals < 2:
        return FINEST
    digits = number.text.split("(")[0].partition(".")[2].rstrip("0")
    sixths = round(number.value * 6)
    if sixths % 3 and len(digits) >= 2 and abs(number.value - sixths / 6) < 10.0 ** -len(digits):
        return 10.0 ** -len(digits) + FINEST  # 0.3330 is 1/3 with a zero added
    return 10.0**-number.decimals + FINEST


def _fractional(block: CifBlock, cartesian: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fractional coordinates by the matrix that the file gives; its axes need not be ours."""
    for name, direct in (("_atom_sites_cartn_transf", True), ("_atom_sites_fract_transf", False)):
        entries = [[block.number(f"{name}_matrix_{i}{j}") for j in "123"] for i in "123"]
        if any(entry is None for row in entries for entry in row):
            continue
        matrix = np.array([[entry.value if entry else 0.0 for entry in row] for row in entries])
        vector = np.array([entry.value if (entry := block.number(f"{name}_vector_{i}")) else 0.0 for i in "123"])
        if abs(np.linalg.det(matrix)) < 1e-9:
            break
        return np.linalg.solve(matrix, (cartesian - vector).T).T if direct else cartesian @ matrix.T + vector
    raise UnreadableError(
        "Cartesian coordinates without the matrix of their axes: give _atom_site_fract_x, _y, _z, "
        "or _atom_sites_Cartn_transf_matrix_11 to _33"
    )


def _refuse_full_alternatives(rows: _Rows, occupancies: list[float], dummy: list[bool]) -> None:
    """Groups of one disordered assembly exclude each other, so they cannot all be there fully."""
    groups: dict[str | None, set[str]] = {}
    columns = zip(rows.column("disorder_assembly"), rows.column("disorder_group"), occupancies, dummy, strict=True)
    for assembly, group, occupancy, is_dummy in columns:
        if group is not None and occupancy == 1.0 and not is_dummy and group.strip("-0"):
            groups.setdefault(assembly, set()).add(group)
    if any(len(found) > 1 for found in groups.values()):
        raise UnreadableError("overlapping atoms: alternatives of a disordered part, each with full occupancy")
