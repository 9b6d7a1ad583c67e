"""How close a working ion comes to the atoms of a frame: distance windows from ionic radii.

Radii are Shannon's (Acta Cryst. A 32, 751 (1976)). The factors and offsets beside them are set so that 98 to
99 % of the ions in the discharged structures of calculated insertion electrodes (3,749 of the Materials Project) lie
inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from screening.array_types import Floats
from screening.chemistry.elements import SYMBOLS
from screening.crystals.prototypes.ions import Ion, ionic_radius, metallic_radius
from screening.errors import RequestError
from screening.materials.electrodes.end_members.redox import ION_CHARGES

ANION_CHARGES = {"O": -2, "S": -2, "Se": -2, "Te": -2, "F": -1, "Cl": -1, "Br": -1, "I": -1, "N": -3}
HYDROGEN_OFFSET_A = 1.35
_SHORTEST, _LONGEST = 0.9, 1.35
"""A bond to an anion, in sums of radii for four neighbours: the shortest, and the longest that still is a bond."""
_CATION_A, _CATION_PER_CHARGE_A = 1.55, 0.17
"""The nearest cation is this much farther than the ion's radius for six neighbours."""
_IONS_CLOSER_A = 0.25
"""Working ions come so much closer to each other than to the frame's cations."""
CONTRACTION = 0.91
"""A host contracts when it is charged: in its cell the distances of discharged crystals are this much too long."""
_ATOM_FACTOR, _CAGE = 0.72, 1.5
"""Closest approach to an atom of an alloy in sums of metallic radii, and how much farther a neighbour may be: the cages
of clathrates are wide."""
_OTHER_RADIUS_A = 1.47
"""Of elements without a metallic radius, such as carbon: lets lithium pass that is 2.34 Å from it in LiC6."""


@dataclass(frozen=True)
class Windows:
    """Distances in Å of one ion from atoms by their atomic number, (119,); ion_ion_A between two of the ions.

    nearest_A: no atom may be closer. bond_A: an anion up to here is a neighbour; zero for other atoms.
    """

    nearest_A: Floats
    bond_A: Floats
    ion_ion_A: float


@lru_cache(maxsize=16)
def windows(ion: str, ionic: bool) -> Windows:
    """Windows of a working ion in an ionic frame, or in a metallic or carbon one."""
    numbers = np.zeros(len(SYMBOLS)), np.zeros(len(SYMBOLS))
    nearest, bond = numbers
    own = Ion(ion, ION_CHARGES[ion])
    small, large = ionic_radius(own, "IV"), ionic_radius(own, "VI")
    cation = large + _CATION_A + _CATION_PER_CHARGE_A * own.charge
    for number, symbol in enumerate(SYMBOLS[1:], start=1):
        if ionic and symbol in ANION_CHARGES:
            total = small + _anion_radius(symbol)
            nearest[number], bond[number] = _SHORTEST * total, _LONGEST * total
        elif ionic:
            nearest[number] = large + HYDROGEN_OFFSET_A if symbol == "H" else cation
        else:
            nearest[number] = _ATOM_FACTOR * (_metal_radius(ion) + _metal_radius(symbol))
            bond[number] = nearest[number] * _CAGE
    closest = cation - _IONS_CLOSER_A if ionic else 2 * _ATOM_FACTOR * _metal_radius(ion)
    nearest[own.number] = closest
    return Windows(nearest, bond, closest)


def _anion_radius(symbol: str) -> float:
    return ionic_radius(Ion(symbol, ANION_CHARGES[symbol]), "IV")


def _metal_radius(symbol: str) -> float:
    try:
        return metallic_radius(Ion(symbol))
    except RequestError:
        return _OTHER_RADIUS_A
