"""The 4f moments that the training data leaves out.

The networks learn magnetizations of PBE calculations in which the 4f shell is frozen into the core for most rare
earths, so the moment of the shell is missing. At 0 K the shell adds gJ*J, parallel to the 3d moment for the light rare
earths (4f^n, n < 7) and antiparallel from Gd on (Campbell, J. Phys. F 2, L47 (1972); Herbst, Rev. Mod. Phys. 63, 819
(1991)). Gd keeps its f shell in the valence, so its ferromagnetic total holds +7 µB too much of the host. Ce (mixed
valence), Eu and Yb (often divalent) have no rule that serves them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS, N_ELEMENTS
from screening.materials.magnets.figures.temperature import (
    HEAVY_FIELD_K,
    LIGHT_FIELD_K,
    brillouin,
    exchange_over_thermal,
    quadrupole_ratio,
)
from screening.resources import resource


@dataclass(frozen=True)
class RareEarthTable:
    """Per atomic number, (119,).

    moment_muB: of the 4f shell along the host's, negative if antiparallel; total_J, lande_g: of the shell (0 without a
    rule). valence_muB: f moment that a ferromagnetic total of the training data already holds. frozen: has an f moment
    that such a total lacks. uncertain: no rule. antiparallel: couples against 3d. magnetic: has an open f shell.
    """

    moment_muB: Floats
    total_J: Floats
    lande_g: Floats
    valence_muB: Floats
    frozen: Mask
    uncertain: Mask
    antiparallel: Mask
    magnetic: Mask


@lru_cache(maxsize=1)
def rare_earth_table() -> RareEarthTable:
    """From `datasets/elements/lanthanides.csv` (Hund's-rule ground states)."""
    rows = pl.read_csv(resource("datasets") / "elements" / "lanthanides.csv")
    moment, total_J, lande_g, valence = (np.zeros(N_ELEMENTS) for _ in range(4))
    uncertain, antiparallel, magnetic = (np.zeros(N_ELEMENTS, dtype=bool) for _ in range(3))
    for row in rows.iter_rows(named=True):
        number = ATOMIC_NUMBERS[row["element"]]
        # Eu3+ has no moment in its Hund's-rule ground state, Eu2+ has 7 µB: uncertain all the same.
        uncertain[number] = row["signed_add_muB"] is None or row["element"] == "Eu"
        magnetic[number] = 0 < row["f_n"] < 14
        antiparallel[number] = row["coupling_to_3d"].startswith("antiparallel")
        if magnetic[number] and not uncertain[number]:
            moment[number] = row["signed_add_muB"]
            total_J[number], lande_g[number] = float(Fraction(row["J"])), row["gJ"]
            valence[number] = 0.0 if row["f_frozen_in_MP_PBE"] == "yes" else row["gJJ_muB"]
    frozen = (moment != 0) & (valence == 0)
    return RareEarthTable(moment, total_J, lande_g, valence, frozen, uncertain, antiparallel, magnetic)


def four_f_moment_muB(counts: Floats, temperature_K: Floats, host: Floats) -> Floats:
    """Moment of the 4f shells of cells of these counts, (B, 119), along that of the host, in µB: (B, S).

    temperature_K: (B, 1). host: (B, S) magnetization of the host over that at 0 K, whose field aligns the shells.
    """
    total = np.zeros(host.shape)
    for number, rows, x in _shells(counts, temperature_K, host):
        moment = rare_earth_table().moment_muB[number] * brillouin(rare_earth_table().total_J[number], x)
        total[rows] += counts[rows, number, None] * moment
    return total


def four_f_anisotropy_ratio(counts: Floats, temperature_K: Floats, host: Floats) -> Floats:
    """Single-ion anisotropy constant K1 of the 4f shells over that at 0 K, (B, S); arguments as above.

    The mean over the rare earths of the cell; 0 without any.
    """
    total, atoms = np.zeros(host.shape), np.zeros(len(counts))
    for number, rows, x in _shells(counts, temperature_K, host):
        total[rows] += counts[rows, number, None] * quadrupole_ratio(rare_earth_table().total_J[number], x)
        atoms[rows] += counts[rows, number]
    return np.asarray(total / np.maximum(atoms, 1.0)[:, None])


def _shells(counts: Floats, temperature_K: Floats, host: Floats) -> Iterator[tuple[int, NDArray[np.int64], Floats]]:
    """Each rare earth with a rule, the rows that hold it, and its exchange over thermal energy there, (R, S)."""
    earths = rare_earth_table()
    for number in map(int, np.flatnonzero(earths.moment_muB)):
        rows = np.flatnonzero(counts[:, number])
        if len(rows):
            field = HEAVY_FIELD_K if earths.antiparallel[number] else LIGHT_FIELD_K
            J, g = float(earths.total_J[number]), float(earths.lande_g[number])
            yield number, rows, exchange_over_thermal(temperature_K[rows], J, g, field, host[rows])


def valence_4f_muB(counts: Floats) -> Floats:
    """4f moment that the training data's ferromagnetic total already holds, (B,), in µB per cell (7 per Gd)."""
    return counts @ rare_earth_table().valence_muB
