"""The 4f moments that the training data leave out.

The networks learn magnetizations of PBE calculations that freeze the 4f shell of most rare earths into the core, so its
moment is missing. At 0 K the shell adds gJ*J, parallel to the 3d moment for the light rare earths (4f^n, n < 7) and
antiparallel from Gd on (Campbell, J. Phys. F 2, L47 (1972); Herbst, Rev. Mod. Phys. 63, 819 (1991)). Gd has its f shell
in the valence, so its ferromagnetic total exceeds the moment of the host by 7 µB. There is no rule for Ce (mixed
valence), Eu and Yb (often divalent).
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
from screening.materials.magnets.anisotropy.quadrupoles import quadrupoles
from screening.materials.magnets.figures.temperature import (
    USUAL_FIELDS_K,
    brillouin,
    exchange_over_thermal,
    quadrupole_ratio,
)
from screening.resources import resource

_LEAST_LEFT = 0.3
"""Part of the quadrupole moments that is left where those of both signs do not cancel."""


@dataclass(frozen=True)
class RareEarthTable:
    """The 4f shells by atomic number, (119,) each.

    Attributes:
        moment_muB: Moment along that of the host, negative if antiparallel; 0 without a rule.
        total_J: Total angular momentum J; 0 without a rule.
        lande_g: Landé factor; 0 without a rule.
        valence_muB: f moment that ferromagnetic totals in the training data already include.
        frozen: With an f moment that such totals do not include.
        uncertain: Without a rule.
        antiparallel: Couples antiparallel to 3d moments.
        magnetic: With an open f shell.
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
    """The Hund's-rule ground states of `datasets/elements/lanthanides.csv`."""
    rows = pl.read_csv(resource("datasets") / "elements" / "lanthanides.csv")
    moment, total_J, lande_g, valence = (np.zeros(N_ELEMENTS) for _ in range(4))
    uncertain, antiparallel, magnetic = (np.zeros(N_ELEMENTS, dtype=bool) for _ in range(3))
    for row in rows.iter_rows(named=True):
        number = ATOMIC_NUMBERS[row["element"]]
        # Eu is uncertain: Eu3+ has no moment in its Hund's-rule ground state, but Eu2+ has 7 µB.
        uncertain[number] = row["signed_add_muB"] is None or row["element"] == "Eu"
        magnetic[number] = 0 < row["f_n"] < 14
        antiparallel[number] = row["coupling_to_3d"].startswith("antiparallel")
        if magnetic[number] and not uncertain[number]:
            moment[number] = row["signed_add_muB"]
            total_J[number], lande_g[number] = float(Fraction(row["J"])), row["gJ"]
            valence[number] = 0.0 if row["f_frozen_in_MP_PBE"] == "yes" else row["gJJ_muB"]
    frozen = (moment != 0) & (valence == 0)
    return RareEarthTable(moment, total_J, lande_g, valence, frozen, uncertain, antiparallel, magnetic)


def four_f_moment_muB(counts: Floats, temperature_K: Floats, host: Floats, fields_K: Floats | None = None) -> Floats:
    """Moment of the 4f shells of B cells along the moment of the host.

    Args:
        counts: Atoms of each element, (B, 119).
        temperature_K: (B, 1).
        host: Magnetization of the host, whose field aligns the shells, over its value at 0 K, (B, S).
        fields_K: 2 µB H / kB at 0 K for light and for heavy rare earths, (B, 2); None: as in R2Fe14B.

    Returns:
        Moments in µB per cell, (B, S).
    """
    total = np.zeros(host.shape)
    for number, rows, x in _shells(counts, temperature_K, host, fields_K):
        moment = rare_earth_table().moment_muB[number] * brillouin(rare_earth_table().total_J[number], x)
        total[rows] += counts[rows, number, None] * moment
    return total


def four_f_anisotropy_ratio(counts: Floats, temperature_K: Floats, host: Floats) -> Floats:
    """Single-ion anisotropy constant K1 of the 4f shells over its value at 0 K, (B, S).

    Each rare earth counts by its share of K1 at 0 K, which goes with its quadrupole moment, sign included: sites that
    several share have one crystal field. Where these nearly cancel, the sizes count.

    Args:
        counts: As for `four_f_moment_muB`.
        temperature_K: As for `four_f_moment_muB`.
        host: As for `four_f_moment_muB`.
    """
    signed, sizes = counts @ quadrupoles(), counts @ np.abs(quadrupoles())
    cancel = np.abs(signed) < _LEAST_LEFT * sizes
    total = np.zeros(host.shape)
    for number, rows, x in _shells(counts, temperature_K, host):
        own = quadrupoles()[number]
        weight = counts[rows, number] * np.where(cancel[rows], abs(own), own)
        total[rows] += weight[:, None] * quadrupole_ratio(rare_earth_table().total_J[number], x)
    whole = np.where(cancel, sizes, signed)
    return np.asarray(np.divide(total, whole[:, None], out=np.zeros_like(total), where=whole[:, None] != 0))


def _shells(
    counts: Floats, temperature_K: Floats, host: Floats, fields_K: Floats | None = None
) -> Iterator[tuple[int, NDArray[np.int64], Floats]]:
    """Each rare earth with a rule, the R rows that contain it, and their exchange over thermal energy, (R, S)."""
    earths = rare_earth_table()
    for number in map(int, np.flatnonzero(earths.moment_muB)):
        rows = np.flatnonzero(counts[:, number])
        if len(rows):
            heavy = int(earths.antiparallel[number])
            J, g = float(earths.total_J[number]), float(earths.lande_g[number])
            field = np.array([USUAL_FIELDS_K[heavy]]) if fields_K is None else fields_K[rows, heavy]
            yield number, rows, exchange_over_thermal(temperature_K[rows], J, g, field[:, None], host[rows])


def valence_4f_muB(counts: Floats) -> Floats:
    """4f moment that ferromagnetic totals in the training data already include, in µB per cell, (B,): 7 per Gd."""
    return counts @ rare_earth_table().valence_muB
