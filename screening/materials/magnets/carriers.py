"""The elements that can carry a magnetic moment."""

from __future__ import annotations

from screening.array_types import Floats, Mask
from screening.chemistry.elements import indicator
from screening.chemistry.families import ELEMENT_GROUPS, OPEN_4F

MAGNETIC_METALS = ELEMENT_GROUPS["metal_3d"]
MAY_BE_MAGNETIC = (*MAGNETIC_METALS, *OPEN_4F, "Ti", "V", "Cu", "Mo", "Ru", "Rh", "Re", "Os", "Ir", "U", "Np", "Pu")
"""Elements that carry a moment in some ordered compound."""

IONIC = tuple(symbol for symbol in ELEMENT_GROUPS["anion"] if symbol != "N")
"""Anions of compounds that are no metals; the nitrides of interest are metals."""


def may_be_magnetic(counts: Floats) -> Mask:
    """Whether cells contain an element that can carry a moment, (B,); counts: (B, 119)."""
    return counts @ indicator(MAY_BE_MAGNETIC) > 0
