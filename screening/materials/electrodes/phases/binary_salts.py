"""Simple compounds of an ion and an anion or metalloid, such as Li2O and Na3Sb, that the table of phases may lack.

Every conversion ends in one of them. Each is built in its usual structure types.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

from screening.array_types import Floats
from screening.chemistry.element_table import element_table
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.chemistry.formulas import reduced_formula
from screening.chemistry.known_phases import Phases
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.redox import ION_CHARGES

_TAKEN = {
    **dict.fromkeys(("F", "Cl", "Br", "I"), 1),
    **dict.fromkeys(("O", "S", "Se", "Te"), 2),
    **dict.fromkeys(("N", "P", "As", "Sb", "Bi"), 3),
}
"""Electrons that fill the shell of an atom."""


@dataclass(frozen=True)
class _StructureType:
    """A structure type.

    Attributes:
        cell: In units of an edge.
        ions: Fractional positions.
        anions: The same.
        bond: Shortest distance in sums of covalent radii, from relaxed compounds of the type.
    """

    cell: Floats
    ions: Floats
    anions: Floats
    bond: float


_FCC = np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])
_CORNER, _CENTRE = np.zeros((1, 3)), np.full((1, 3), 0.5)
_NA_2B = np.array([[0, 0, 0.25], [0, 0, 0.75]])
_NA_4F = np.array([[1 / 3, 2 / 3, 0.583], [2 / 3, 1 / 3, 0.083], [2 / 3, 1 / 3, 0.417], [1 / 3, 2 / 3, 0.917]])
_QUARTERS = np.array([[0.25] * 3, [0.75] * 3])


def _hexagonal(c_over_a: float) -> Floats:
    return np.array([[1.0, 0.0, 0.0], [-0.5, np.sqrt(0.75), 0.0], [0.0, 0.0, c_over_a]])


# Wyckoff positions as in P. Villars and L. D. Calvert, Pearson's Handbook of Crystallographic Data (1991). The ratios
# c/a are those of Na3As and of La2O3.
_TYPES: dict[tuple[int, int], tuple[_StructureType, ...]] = {
    (1, 1): (_StructureType(_FCC, _CENTRE, _CORNER, 1.07),),  # NaCl
    (2, 1): (_StructureType(_FCC, _QUARTERS, _CORNER, 1.05),),  # Li2O
    (1, 2): (_StructureType(_FCC, _CORNER, _QUARTERS, 1.1),),  # CaF2
    (3, 1): (
        _StructureType(_FCC, np.concatenate([_CENTRE, _QUARTERS]), _CORNER, 1.075),  # BiF3
        _StructureType(  # Na3As
            _hexagonal(1.77),
            np.concatenate([_NA_2B, _NA_4F]),
            np.array([[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]]),
            1.025,
        ),
    ),
    (3, 2): (
        _StructureType(  # La2O3 with ions in the place of oxygen
            _hexagonal(1.56),
            np.array([[0, 0, 0], [1 / 3, 2 / 3, 0.645], [2 / 3, 1 / 3, 0.355]]),
            np.array([[1 / 3, 2 / 3, 0.245], [2 / 3, 1 / 3, 0.755]]),
            1.0,
        ),
    ),
}


def missing_salt(ion: str, partner: str, phases: Phases) -> tuple[int, int] | None:
    """Ions and partners in a formula unit of the salt; None if they form no simple one or it is among the phases."""
    taken, charge = _TAKEN.get(partner), ION_CHARGES[ion]
    if taken is None:
        return None
    shared = gcd(taken, charge)
    unit = taken // shared, charge // shared
    numbers = np.repeat([ATOMIC_NUMBERS[ion], ATOMIC_NUMBERS[partner]], unit)
    return None if unit not in _TYPES or reduced_formula(numbers) in phases.formulas else unit


def salt_crystals(ion: str, partner: str, unit: tuple[int, int]) -> list[Crystal]:
    """A crystal of a salt in each structure type."""
    return [_crystal(structure, ion, partner) for structure in _TYPES[unit]]


def _crystal(structure: _StructureType, ion: str, partner: str) -> Crystal:
    numbers = [ATOMIC_NUMBERS[ion]] * len(structure.ions) + [ATOMIC_NUMBERS[partner]] * len(structure.anions)
    radii = element_table().column("covalent_radius_A")
    bond_A = structure.bond * (radii[ATOMIC_NUMBERS[ion]] + radii[ATOMIC_NUMBERS[partner]])
    shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    apart = (structure.anions[:, None, None] + shifts - structure.ions[None, :, None]) @ structure.cell
    edge_A = bond_A / np.linalg.norm(apart, axis=-1).min()
    frac = np.concatenate([structure.ions, structure.anions])
    return Crystal.from_arrays(f"{ion}-{partner}", structure.cell * edge_A, numbers, frac)
