"""Quadrupole moments of the 4f shells of rare earths."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import polars as pl

from screening.array_types import Floats
from screening.chemistry.elements import by_element
from screening.resources import resource


@lru_cache(maxsize=1)
def quadrupoles() -> Floats:
    """alpha_J J (J - 1/2) <r^2> in Bohr radii squared by atomic number, (119,).

    It is 0 without a 4f quadrupole and for elements of uncertain valence (Ce, Eu, Yb). Radii: Freeman and Desclaux,
    J. Magn. Magn. Mater. 12, 11 (1979).
    """
    values, folder = {}, resource("datasets") / "elements"
    radii = dict(pl.read_csv(folder / "four_f_radii.csv").select("element", "r2_a02").iter_rows())
    for row in pl.read_csv(folder / "lanthanides.csv").iter_rows(named=True):
        J = float(Fraction(str(row["J"])))
        if row["signed_add_muB"] is not None and row["alphaJ"]:
            values[row["element"]] = float(row["alphaJ"]) * J * (J - 0.5) * radii[row["element"]]
    return by_element(values)
