"""The working ions: charge, size, and the crystal of the pure metal, the reference of voltages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.crystal import Crystal


@dataclass(frozen=True)
class _Metal:
    """A metal and its ion.

    Attributes:
        charge: Of the ion.
        radius_A: Of the six-coordinated ion (Shannon, Acta Cryst. A32, 751 (1976)).
        structure: bcc, fcc or hcp.
        a: Lattice constant in Å at room temperature (W. M. Haynes, CRC Handbook of Chemistry and Physics, 95th ed.).
        c: The same.
    """

    charge: int
    radius_A: float
    structure: str
    a: float
    c: float = 0.0


_METALS = {
    "Li": _Metal(1, 0.76, "bcc", 3.510),
    "Na": _Metal(1, 1.02, "bcc", 4.291),
    "K": _Metal(1, 1.38, "bcc", 5.321),
    "Rb": _Metal(1, 1.52, "bcc", 5.705),
    "Cs": _Metal(1, 1.67, "bcc", 6.141),
    "Mg": _Metal(2, 0.72, "hcp", 3.209, 5.211),
    "Ca": _Metal(2, 1.00, "fcc", 5.588),
    "Zn": _Metal(2, 0.74, "hcp", 2.665, 4.947),
    "Al": _Metal(3, 0.535, "fcc", 4.050),
    "Y": _Metal(3, 0.90, "hcp", 3.648, 5.732),
}
CHARGES = {symbol: metal.charge for symbol, metal in _METALS.items()}
"""Charges of the working ions in the training data of voltages."""

RADII_A = {ATOMIC_NUMBERS[symbol]: metal.radius_A for symbol, metal in _METALS.items()}
"""Radii of these ions by atomic number."""


def pure_metal(symbol: str, scale: float = 1.0) -> Crystal:
    """The primitive cell of the metal of a working ion, with lattice constants multiplied by `scale`."""
    metal = _METALS[symbol]
    if metal.structure == "hcp":
        a, c = metal.a * scale, metal.c * scale
        lattice = np.array([[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, c]])
        frac = np.array([[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]])
    else:
        half = metal.a * scale / 2
        signs = {"bcc": [[-1, 1, 1], [1, -1, 1], [1, 1, -1]], "fcc": [[0, 1, 1], [1, 0, 1], [1, 1, 0]]}
        lattice, frac = half * np.array(signs[metal.structure], dtype=np.float64), np.zeros((1, 3))
    return Crystal.from_arrays(symbol, lattice, [ATOMIC_NUMBERS[symbol]] * len(frac), frac)
