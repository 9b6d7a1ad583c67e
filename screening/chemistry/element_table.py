"""The elements as magnetism sees them: properties, 4f ground states and the groups that carry or dilute moments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.resources import resource

Floats = NDArray[np.float64]

N_ELEMENTS = len(SYMBOLS)
"""Columns of a count matrix: one per atomic number, column 0 unused."""

MAGNETIC_METALS = ("Cr", "Mn", "Fe", "Co", "Ni")
LANTHANIDES = tuple(SYMBOLS[57:72])
OPEN_4F = tuple(SYMBOLS[58:71])
GROUPS: dict[str, tuple[str, ...]] = {
    "metal_3d": MAGNETIC_METALS,
    "open_4f": OPEN_4F,
    "rare_earth": ("Sc", "Y", *LANTHANIDES),
    "light_metal": ("Li", "Na", "K", "Rb", "Cs", "Be", "Mg", "Ca", "Sr", "Ba"),
    "early_metal": ("Ti", "V", "Zr", "Nb", "Mo", "Hf", "Ta", "W", "Re"),
    "late_metal": ("Cu", "Zn", "Ru", "Rh", "Pd", "Ag", "Cd", "Os", "Ir", "Pt", "Au", "Hg"),
    "actinide": tuple(SYMBOLS[90:104]),
    "metalloid": ("B", "C", "Al", "Si", "P", "Ga", "Ge", "As", "In", "Sn", "Sb", "Tl", "Pb", "Bi"),
    "anion": ("N", "O", "F", "S", "Cl", "Se", "Br", "Te", "I"),
    "hydrogen": ("H",),
}
"""Roles in a magnet; the groups do not overlap but for `open_4f`, which is part of `rare_earth`."""

MAY_BE_MAGNETIC = (*MAGNETIC_METALS, *OPEN_4F, "Ti", "V", "Cu", "Mo", "Ru", "Rh", "Re", "Os", "Ir", "U", "Np", "Pu")
"""Elements that carry a moment in some ordered compound."""

# Usual charges of ions whose state hardly varies: what is left over falls to the magnetic metals.
_CHARGES = {
    **dict.fromkeys(("Li", "Na", "K", "Rb", "Cs", "Ag", "Tl", "H"), 1),
    **dict.fromkeys(("Be", "Mg", "Ca", "Sr", "Ba", "Zn", "Cd", "Hg", "Pb", "Cu", "Eu"), 2),
    **dict.fromkeys(("Sc", "Y", "Al", "Ga", "In", "Bi", "B"), 3),
    **dict.fromkeys((s for s in LANTHANIDES if s != "Eu"), 3),
    **dict.fromkeys(("Ti", "Zr", "Hf", "Si", "Ge", "Sn", "C", "Ru", "Ir", "Th", "U"), 4),
    **dict.fromkeys(("Nb", "Ta", "P", "As", "Sb", "V"), 5),
    **dict.fromkeys(("Mo", "W", "Re", "Os"), 6),
    **dict.fromkeys(("O", "S", "Se", "Te"), -2),
    **dict.fromkeys(("F", "Cl", "Br", "I"), -1),
    "N": -3,
}


@dataclass(frozen=True)
class ElementTable:
    """values: (119, P) of the properties `names`; zeros for elements beyond lawrencium."""

    names: tuple[str, ...]
    values: Floats

    def column(self, name: str) -> Floats:
        """(119,) one property."""
        return self.values[:, self.names.index(name)]


@lru_cache(maxsize=1)
def element_table() -> ElementTable:
    """Properties from `datasets/elements/properties.csv`, 4f ground states from `lanthanides.csv` beside it.

    Added to the columns of the files: `unpaired` electrons of the free atom's d and f shell by Hund's first rule, and
    of trivalent 4f ions `spin_4f` S, `total_4f` J, `moment_4f_muB` gJ J and the `de_gennes` factor (gJ - 1)² J (J + 1),
    which scales exchange among rare earths (de Gennes, J. Phys. Radium 23, 510 (1962)).
    """
    folder = resource("datasets") / "elements"
    properties = pl.read_csv(folder / "properties.csv")
    names = [name for name in properties.columns if name not in {"number", "element", "filled"}]
    values = np.zeros((N_ELEMENTS, len(names) + 5))
    values[properties["number"].to_numpy(), : len(names)] = properties.select(names).to_numpy()
    electrons_d, electrons_f = values[:, names.index("valence_d")], values[:, names.index("valence_f")]
    values[:, len(names)] = np.minimum(electrons_d, 10 - electrons_d) + np.minimum(electrons_f, 14 - electrons_f)
    for row in pl.read_csv(folder / "lanthanides.csv").iter_rows(named=True):
        spin, total, lande = float(Fraction(str(row["S"]))), float(Fraction(str(row["J"]))), row["gJ"] or 0.0
        de_gennes = (lande - 1) ** 2 * total * (total + 1)
        values[ATOMIC_NUMBERS[row["element"]], len(names) + 1 :] = spin, total, row["gJJ_muB"], de_gennes
    return ElementTable((*names, "unpaired", "spin_4f", "total_4f", "moment_4f_muB", "de_gennes"), values)


@cache
def mask(symbols: tuple[str, ...]) -> Floats:
    """A 0/1 vector over the elements, (119,); `counts @ mask(...)` counts those atoms."""
    vector = np.zeros(N_ELEMENTS)
    vector[[ATOMIC_NUMBERS[symbol] for symbol in symbols]] = 1.0
    return vector


def may_be_magnetic(counts: Floats) -> NDArray[np.bool_]:
    """(B,) whether a cell of these counts, (B, 119), holds an element that can carry a moment."""
    return counts @ mask(MAY_BE_MAGNETIC) > 0


@lru_cache(maxsize=1)
def usual_charges() -> Floats:
    """(119,) charge of ions whose state hardly varies, 0 for the rest."""
    charges = np.zeros(N_ELEMENTS)
    for symbol, charge in _CHARGES.items():
        charges[ATOMIC_NUMBERS[symbol]] = charge
    return charges


def chemical_system(counts: Iterable[float]) -> str:
    """Sorted symbols of the elements present in a row of counts: `Co-Sm`."""
    return "-".join(sorted(SYMBOLS[z] for z, count in enumerate(counts) if count > 0))
