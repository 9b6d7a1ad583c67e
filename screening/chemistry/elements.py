"""Symbols, atomic numbers and masses of the elements, without pymatgen, whose import takes most of a second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np

from screening.array_types import Floats

_SYMBOLS = (
    "X H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr",
    "Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu",
    "Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg",
    "Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og",
)
SYMBOLS: tuple[str, ...] = tuple(" ".join(_SYMBOLS).split())
"""Element symbols by atomic number; index 0 is a placeholder."""

ATOMIC_NUMBERS: dict[str, int] = {symbol: z for z, symbol in enumerate(SYMBOLS) if z}

N_ELEMENTS = len(SYMBOLS)
"""Columns of a count matrix: one for each atomic number; column 0 is unused."""


def indicator(symbols: Iterable[str]) -> Floats:
    """(119,) read-only vector, 1 for these elements and 0 for others; `counts @ indicator(...)` counts their atoms."""
    return _indicator(tuple(symbols))


@lru_cache(maxsize=1024)
def _indicator(symbols: tuple[str, ...]) -> Floats:
    vector = np.zeros(N_ELEMENTS)
    vector[[ATOMIC_NUMBERS[symbol] for symbol in symbols]] = 1.0
    vector.setflags(write=False)
    return vector


def by_element(values: Mapping[str, float], otherwise: float = 0.0) -> Floats:
    """(119,) values by atomic number, from values by symbol; `otherwise` for all other elements."""
    vector = np.full(N_ELEMENTS, otherwise)
    for symbol, value in values.items():
        vector[ATOMIC_NUMBERS[symbol]] = value
    return vector


@lru_cache(maxsize=1)
def atomic_masses() -> Floats:
    """(119,) standard atomic masses in u (Meija et al., Pure Appl. Chem. 88, 265 (2016), from ASE)."""
    from ase.data import atomic_masses_iupac2016

    return np.asarray(atomic_masses_iupac2016[:N_ELEMENTS], dtype=np.float64)
