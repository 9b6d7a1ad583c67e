"""The moment that a strong ferromagnet of iron and cobalt has, from the valence of its atoms.

In a strong ferromagnet the majority d band is full, so the moment follows from the number of valence electrons: the
average magnetic valence of the atoms plus 2 N(sp), where N(sp) = 0.3 is the number of majority sp electrons (Williams,
Moruzzi, Malozemoff, Terakura, IEEE Trans. Magn. 19, 1983 (1983); Malozemoff, Williams, Moruzzi, Phys. Rev. B 29, 1620
(1984)). A magnetic valence is twice the number of majority d electrons (5 in late metals, 0 in early ones and in sp
elements) less the chemical valence. f electrons count as core.
"""

from __future__ import annotations

import numpy as np

from screening.array_types import Floats
from screening.chemistry.elements import ATOMIC_NUMBERS, N_ELEMENTS, indicator
from screening.chemistry.families import LANTHANIDES

_SP_ELECTRONS = 0.6  # 2 N(sp)
_VALENCES: dict[int, str] = {
    2: "Fe Ru Os",
    1: "Co Rh Ir",
    0: "Ni Pd Pt",
    -1: "Cu Ag Au H Li Na K Rb Cs",
    -2: "Zn Cd Hg Be Mg Ca Sr Ba Eu",
    -3: "B Al Ga In Tl Sc Y Ac",
    -4: "C Si Ge Sn Pb Ti Zr Hf Th Pa U Np Pu",
    -5: "V Nb Ta N P As Sb Bi",
    -6: "Cr Mo W O S Se Te",
    -7: "Tc Re",
}
# manganese between iron and cobalt keeps its majority d states (Mn in Fe and Co Heusler alloys)
_MANGANESE = 3


def _table() -> Floats:
    valence = np.full(N_ELEMENTS, np.nan)
    valence[[ATOMIC_NUMBERS[symbol] for symbol in LANTHANIDES]] = -3
    for number, symbols in _VALENCES.items():
        valence[[ATOMIC_NUMBERS[symbol] for symbol in symbols.split()]] = number
    valence[ATOMIC_NUMBERS["Mn"]] = _MANGANESE
    return valence


MAGNETIC_VALENCE = _table()
"""By atomic number, (119,); NaN where there is none."""


def strong_ferromagnet_muB(counts: Floats) -> Floats:
    """Moments that compositions have as strong ferromagnets.

    Args:
        counts: (B, 119) atoms of each element.

    Returns:
        (B,) moments in µB per atom of iron or cobalt; NaN without these and for elements without a magnetic valence.
    """
    present = counts[:, : len(MAGNETIC_VALENCE)] > 0
    known = ~(present & np.isnan(MAGNETIC_VALENCE)).any(axis=1)
    total = counts @ np.nan_to_num(MAGNETIC_VALENCE) + _SP_ELECTRONS * counts.sum(axis=1)
    carriers = counts @ indicator(("Fe", "Co"))
    return np.divide(total, carriers, out=np.full(len(counts), np.nan), where=known & (carriers > 0))
