"""Windows for the distances between a working ion and the atoms of a frame, from ionic radii.

Radii are Shannon's (Acta Cryst. A 32, 751 (1976)). Factors and offsets are chosen so that 98 to 99 % of the ions in the
discharged structures of calculated insertion electrodes (3,749 of the Materials Project) are inside the windows.
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
"""Shortest and longest bond to an anion, in sums of the radii for four neighbours."""
_CATION_A, _CATION_PER_CHARGE_A = 1.55, 0.17
"""Distance of the nearest cation minus the radius of the ion for six neighbours."""
_IONS_CLOSER_A = 0.25
"""Working ions are this much closer to each other than to cations of the frame."""
CONTRACTION = 0.91
"""Charged hosts contract: their distances are those of discharged crystals times this factor."""
_ATOM_FACTOR, _CAGE = 0.72, 1.5
"""Shortest distance from an atom of an alloy in sums of metallic radii, and the factor from there to the farthest
neighbour, which allows for the wide cages of clathrates."""
_OTHER_RADIUS_A = 1.47
"""Radius of elements without a metallic one, such as carbon; it allows the 2.34 Å between Li and C in LiC6."""


@dataclass(frozen=True)
class Windows:
    """The distance windows of an ion, in Å.

    Attributes:
        nearest_A: Shortest distance from atoms by atomic number, (119,).
        bond_A: Longest distance of a neighbour by atomic number, (119,); zero for elements that are no neighbours.
        ion_ion_A: Shortest distance between two of the ions.
    """

    nearest_A: Floats
    bond_A: Floats
    ion_ion_A: float


@lru_cache(maxsize=16)
def windows(ion: str, ionic: bool) -> Windows:
    """The windows of a working ion in an ionic frame, or in one of metals or carbon."""
    nearest, bond = np.zeros(len(SYMBOLS)), np.zeros(len(SYMBOLS))
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
