"""Simple compounds of an ion and an anion or metalloid, such as Li2O and Na3Sb, that the table of phases may lack.

Every conversion ends in one of them. Each is built in the usual structure types, at the volume of least energy.
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
_SCALES = np.linspace(0.9, 1.35, 19)
"""Shortest distance in units of the sum of covalent radii: 0.98 in LiF, 1.17 in Li2S."""


@dataclass(frozen=True)
class _StructureType:
    """A structure type: cell in units of an edge, and positions of ion and anion."""

    cell: Floats
    ions: Floats
    anions: Floats


_FCC = np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])
_CORNER, _CENTRE = np.zeros((1, 3)), np.full((1, 3), 0.5)
_QUARTERS = np.array([[0.25] * 3, [0.75] * 3])


def _hexagonal(c_over_a: float) -> Floats:
    return np.array([[1.0, 0.0, 0.0], [-0.5, np.sqrt(0.75), 0.0], [0.0, 0.0, c_over_a]])


# Wyckoff positions as in P. Villars and L. D. Calvert, Pearson's Handbook of Crystallographic Data (1991). The ratios c/a
# are those of Na3As and of La2O3.
_TYPES: dict[tuple[int, int], tuple[_StructureType, ...]] = {
    (1, 1): (_StructureType(_FCC, _CENTRE, _CORNER),),  # NaCl
    (2, 1): (_StructureType(_FCC, _QUARTERS, _CORNER),),  # Li2O
    (1, 2): (_StructureType(_FCC, _CORNER, _QUARTERS),),  # CaF2
    (3, 1): (
        _StructureType(_FCC, np.concatenate([_CENTRE, _QUARTERS]), _CORNER),  # BiF3
        _StructureType(  # Na3As
            _hexagonal(1.77),
            np.array(
                [[0, 0, 0.25], [0, 0, 0.75]]
                + [[1 / 3, 2 / 3, 0.583], [2 / 3, 1 / 3, 0.083], [2 / 3, 1 / 3, 0.417], [1 / 3, 2 / 3, 0.917]]
            ),
            np.array([[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]]),
        ),
    ),
    (3, 2): (
        _StructureType(  # La2O3 with ions in the place of oxygen
            _hexagonal(1.56),
            np.array([[0, 0, 0], [1 / 3, 2 / 3, 0.645], [2 / 3, 1 / 3, 0.355]]),
            np.array([[1 / 3, 2 / 3, 0.245], [2 / 3, 1 / 3, 0.755]]),
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


def salt_crystals(ion: str, partner: str, unit: tuple[int, int]) -> list[list[Crystal]]:
    """Crystals of a salt: of each structure type, some of growing volume."""
    return [_grown(structure, ion, partner) for structure in _TYPES[unit]]


def _grown(structure: _StructureType, ion: str, partner: str) -> list[Crystal]:
    numbers = [ATOMIC_NUMBERS[ion]] * len(structure.ions) + [ATOMIC_NUMBERS[partner]] * len(structure.anions)
    frac = np.concatenate([structure.ions, structure.anions])
    radii = element_table().column("covalent_radius_A")
    bond = radii[ATOMIC_NUMBERS[ion]] + radii[ATOMIC_NUMBERS[partner]]
    shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    apart = (structure.anions[:, None, None] + shifts - structure.ions[None, :, None]) @ structure.cell
    shortest = np.linalg.norm(apart, axis=-1).min()
    return [
        Crystal.from_arrays(f"{ion}-{partner}", structure.cell * scale * bond / shortest, numbers, frac)
        for scale in _SCALES
    ]
