"""Properties of the elements: of free atoms and of trivalent 4f ions, and usual charges of ions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.chemistry.elements import ATOMIC_NUMBERS, N_ELEMENTS, by_element
from screening.chemistry.families import LANTHANIDES
from screening.resources import resource

# Usual charges of ions whose charge hardly varies; the others balance the rest.
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
    """A table of element properties.

    Attributes:
        names: P properties.
        values: (119, P) by atomic number; zeros beyond lawrencium.
    """

    names: tuple[str, ...]
    values: Floats

    def column(self, name: str) -> Floats:
        """(119,) one property by atomic number."""
        return self.values[:, self.names.index(name)]


@lru_cache(maxsize=1)
def element_table() -> ElementTable:
    """Properties from `datasets/elements/properties.csv`, and 4f ground states from `lanthanides.csv` beside it.

    Columns added to those of the file: `unpaired` electrons in the free atom's d and f shells by Hund's first rule;
    for trivalent 4f ions `spin_4f` (S), `total_4f` (J), `moment_4f_muB` (gJ J) and the factor `de_gennes`,
    (gJ - 1)² J (J + 1), which scales exchange between rare earths (de Gennes, J. Phys. Radium 23, 510 (1962)).
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


@lru_cache(maxsize=1)
def usual_charges() -> Floats:
    """(119,) charge of ions whose charge hardly varies; 0 for the others."""
    return by_element(_CHARGES)
