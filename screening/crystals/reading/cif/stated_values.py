"""What a CIF states about its crystal as a whole, and whether a reading of it agrees: formula, Z, density, volume."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS, atomic_masses
from screening.chemistry.formulas import parse_formula, reduced_formula
from screening.crystals.reading.cif.atom_sites import ListedSite
from screening.crystals.reading.cif.cif_block import CifBlock, shown
from screening.crystals.reading.cif.expansion import Expanded
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.sites import Occupancy

_FORMULA = "_chemical_formula_sum"
_Z = "_cell_formula_units_z"
_DENSITY = "_exptl_crystal_density_diffrn"
_VOLUME = "_cell_volume"
_TOLERANCE = 0.01
"""Of the fraction of an element, because formulas are rounded; 0.03 with partial occupancies."""
_TOLERANCE_PARTIAL = 0.03
_FULL = 0.011
_SAME_COUNT = 0.03
_SAME_DENSITY = 0.1
_SAME_VOLUME = 0.02
_DENSEST = 30.0
_G_PER_CM3 = 1.66053907
_WORD = re.compile(r"([A-Za-z]{1,2})(\d*\.?\d*)(?:\(\d+\))?")


@dataclass(frozen=True)
class StatedValues:
    """Values of a data block.

    Attributes:
        formula: As written; empty if there is none.
        readings: What the formula may mean: amounts by atomic number; none if it names no elements.
        units: Formula units in the cell (Z).
        density: In g/cm³.
    """

    formula: str
    readings: tuple[Occupancy, ...]
    units: float | None
    density: float | None

    @property
    def known(self) -> frozenset[int] | None:
        """Elements of the formula; None if there is no formula that can be understood."""
        return frozenset(z for reading in self.readings for z in reading) if self.readings else None

    @property
    def is_formula_ignored(self) -> bool:
        """Whether there is a formula that names something other than elements."""
        return bool(self.formula) and not self.readings


def stated_values(block: CifBlock, volume: float) -> StatedValues:
    """The values of a data block.

    Args:
        block: The data block.
        volume: Of the cell, in Å³.

    Raises:
        UnreadableError: One of them is not a number, or the stated volume is not that of the cell.
    """
    stated = block.number(_VOLUME)
    if stated is not None and abs(stated.value / volume - 1) > _SAME_VOLUME:
        raise UnreadableError(f"the cell has a volume of {volume:.6g} Å³, but {_VOLUME} says {stated.text}")
    formula = block.text(_FORMULA) or ""
    units, density = block.number(_Z), block.number(_DENSITY)
    return StatedValues(
        formula,
        tuple(_readings(formula)),
        units.value if units is not None and units.value > 0 else None,
        density.value if density is not None and 0 < density.value < _DENSEST else None,
    )


def _readings(formula: str) -> list[Occupancy]:
    """`CO FE` is cobalt and iron, `CO2` carbon and oxygen; `RE Co5` names no element, so it says nothing."""
    found = []
    amounts = parse_formula(formula)
    if amounts:
        found.append(dict(amounts))
    words = formula.split()
    if formula and formula in (formula.upper(), formula.lower()) and len(formula) < 200:
        counts: Occupancy = {}
        for word in words:
            match = _WORD.fullmatch(word)
            symbol = match[1].capitalize() if match else ""
            number = ATOMIC_NUMBERS.get("H" if symbol == "D" else symbol)
            if match is None or number is None:
                break
            counts[number] = counts.get(number, 0.0) + float(match[2] or 1)
        else:
            if counts and counts not in found:
                found.append(counts)
    return [reading for reading in found if sum(reading.values()) > 0]


def contradiction(
    crystal: Expanded, stated: StatedValues, sites: list[ListedSite], lattice: NDArray[np.float64]
) -> tuple[str, bool]:
    """What a file says against a reading of it (empty if nothing), and whether anything confirms its symmetry.

    The proportions of the formula confirm no symmetry, because most wrong ones keep them.
    """
    amounts = crystal.amounts
    problem = _formula_problem(crystal, stated)
    if problem:
        return problem, False
    confirmed = False
    if stated.units is not None:
        problem, confirmed = _units_problem(amounts, stated)
        if problem:
            return problem, False
    if stated.density is not None:
        mass = sum(float(atomic_masses()[z]) * amount for z, amount in amounts.items())
        density = mass / abs(float(np.linalg.det(lattice))) * _G_PER_CM3
        if abs(density / stated.density - 1) > _SAME_DENSITY:
            return f"the sites give a density of {density:.3g} g/cm³, but {_DENSITY} says {stated.density:g}", False
        confirmed = True
    for site, multiplicity in zip(sites, crystal.multiplicities, strict=True):
        if site.multiplicity is not None and site.multiplicity != multiplicity:
            return (f"site {site.label} has {multiplicity} equivalent positions, but "
                    f"_atom_site_symmetry_multiplicity says {site.multiplicity}"), False  # fmt: skip
        confirmed |= site.multiplicity is not None
    return "", confirmed


def _formula_problem(crystal: Expanded, stated: StatedValues) -> str:
    if not stated.readings:
        return ""
    found = crystal.amounts
    sites = [orbit.occupancy for orbit in crystal.orbits]
    is_ordered = all(len(site) == 1 and abs(sum(site.values()) - 1) < _FULL for site in sites)
    if any(_agree(found, reading, is_ordered) for reading in stated.readings):
        return ""
    return (f"the sites give {_name(found)} but {_FORMULA} says {stated.formula[:60]}: "
            "a truncated file, atoms without positions, or a formula that was not updated")  # fmt: skip


def _agree(found: Occupancy, expected: Occupancy, is_ordered: bool) -> bool:
    total, whole = sum(found.values()), sum(expected.values())
    if is_ordered and all(amount == round(amount) for amount in expected.values()):
        return found.keys() == expected.keys() and all(abs(found[z] * whole - expected[z] * total) < 0.5 for z in found)
    tolerance = _TOLERANCE if is_ordered else _TOLERANCE_PARTIAL
    return all(abs(found.get(z, 0.0) / total - expected.get(z, 0.0) / whole) <= tolerance for z in {*found, *expected})


def _units_problem(amounts: Occupancy, stated: StatedValues) -> tuple[str, bool]:
    """Z and the formula together give the number of atoms; Z alone divides it."""
    total, units = sum(amounts.values()), stated.units or 1.0
    if not stated.readings:
        fits = all(abs(amount / units - round(amount / units)) < _SAME_COUNT for amount in amounts.values())
        is_whole = all(abs(amount - round(amount)) < 1e-3 for amount in amounts.values())
        return (
            f"the sites do not make up {units:g} formula units, as {shown(_Z)} says" if is_whole and not fits else ""
        ), False
    for reading in stated.readings:
        whole = sum(reading.values())
        if abs(total / (whole * units) - 1) < _SAME_COUNT:
            return "", True
        # Some programs write the content of the cell as the formula, beside the Z of the reduced formula.
        is_content = all(amount % units == 0 for amount in reading.values())
        if is_content and abs(total / whole - 1) < _SAME_COUNT:
            return "", False
    expected = sum(stated.readings[0].values()) * units
    return f"the sites give {total:g} atoms, but {_FORMULA} and {shown(_Z)} give {expected:g}", False


def _name(amounts: Occupancy) -> str:
    if all(abs(amount - round(amount)) < 1e-3 and round(amount) for amount in amounts.values()):
        return reduced_formula(np.repeat(list(amounts), [round(amount) for amount in amounts.values()]))
    return "".join(f"{SYMBOLS[z]}{amount:.4g}" for z, amount in amounts.items())
