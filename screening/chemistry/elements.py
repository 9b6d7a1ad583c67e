"""Element symbols and formulas without importing pymatgen (which takes most of a second)."""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

_SYMBOLS = (
    "X H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr",
    "Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu",
    "Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg",
    "Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og",
)
SYMBOLS: tuple[str, ...] = tuple(" ".join(_SYMBOLS).split())
"""Element symbols by atomic number; index 0 is a placeholder."""

ATOMIC_NUMBERS: dict[str, int] = {symbol: z for z, symbol in enumerate(SYMBOLS) if z}

# Pauling electronegativity (CRC Handbook of Chemistry and Physics) orders the symbols of a formula, as
# chemists and pymatgen do; noble gases and elements without a value go last.
_PAULING = {
    1: 2.20, 3: 0.98, 4: 1.57, 5: 2.04, 6: 2.55, 7: 3.04, 8: 3.44, 9: 3.98, 11: 0.93, 12: 1.31, 13: 1.61,
    14: 1.90, 15: 2.19, 16: 2.58, 17: 3.16, 19: 0.82, 20: 1.00, 21: 1.36, 22: 1.54, 23: 1.63, 24: 1.66,
    25: 1.55, 26: 1.83, 27: 1.88, 28: 1.91, 29: 1.90, 30: 1.65, 31: 1.81, 32: 2.01, 33: 2.18, 34: 2.55,
    35: 2.96, 36: 3.00, 37: 0.82, 38: 0.95, 39: 1.22, 40: 1.33, 41: 1.6, 42: 2.16, 43: 1.9, 44: 2.2,
    45: 2.28, 46: 2.20, 47: 1.93, 48: 1.69, 49: 1.78, 50: 1.96, 51: 2.05, 52: 2.1, 53: 2.66, 54: 2.6,
    55: 0.79, 56: 0.89, 57: 1.10, 58: 1.12, 59: 1.13, 60: 1.14, 61: 1.13, 62: 1.17, 63: 1.2, 64: 1.20,
    65: 1.1, 66: 1.22, 67: 1.23, 68: 1.24, 69: 1.25, 70: 1.1, 71: 1.27, 72: 1.3, 73: 1.5, 74: 2.36,
    75: 1.9, 76: 2.2, 77: 2.20, 78: 2.28, 79: 2.54, 80: 2.00, 81: 1.62, 82: 2.33, 83: 2.02, 84: 2.0,
    85: 2.2, 87: 0.7, 88: 0.9, 89: 1.1, 90: 1.3, 91: 1.5, 92: 1.38, 93: 1.36, 94: 1.28, 95: 1.3,
}  # fmt: skip
_ORDER = np.array([_PAULING.get(z, 9.0) for z in range(len(SYMBOLS))])


def reduced_formula(numbers: NDArray[np.integer]) -> str:
    """Formula with counts divided by their greatest common divisor, electropositive elements first."""
    counts = np.bincount(numbers, minlength=1)
    present = np.flatnonzero(counts)
    return _formula(tuple((int(z), int(counts[z])) for z in present), True)


def cell_formula(numbers: NDArray[np.integer]) -> str:
    """Formula of the whole cell (counts not divided), for example `Nd8Fe56B4`."""
    counts = np.bincount(numbers, minlength=1)
    present = np.flatnonzero(counts)
    return _formula(tuple((int(z), int(counts[z])) for z in present), False)


@lru_cache(maxsize=65536)
def _formula(items: tuple[tuple[int, int], ...], reduce: bool) -> str:
    divisor = gcd(*(count for _, count in items)) if reduce else 1
    ordered = sorted(items, key=lambda item: (_ORDER[item[0]], SYMBOLS[item[0]]))
    return "".join(SYMBOLS[z] + (str(count // divisor) if count > divisor else "") for z, count in ordered)
