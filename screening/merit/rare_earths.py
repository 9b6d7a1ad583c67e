"""The 4f moments that the training data leaves out.

The networks learn magnetisations of PBE calculations in which the 4f shell is frozen into the core for most rare
earths, so the moment of the shell is missing. At 0 K the shell adds gJ*J, parallel to the 3d moment for the light rare
earths (4f^n, n < 7) and antiparallel from Gd on (Campbell, J. Phys. F 2, L47 (1972); Herbst, Rev. Mod. Phys. 63, 819
(1991)). Gd keeps its f shell in the valence, and its ferromagnetic total already holds +7 µB: the real, antiparallel
arrangement lies 14 µB below it. Ce (mixed valence), Eu and Yb (often divalent) have no rule that serves them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl

from screening.crystals.elements import ATOMIC_NUMBERS
from screening.merit.composition import N_ELEMENTS, Floats, Mask
from screening.resources import resource


@dataclass(frozen=True)
class RareEarthTable:
    """Per atomic number, (119,).

    change_muB: from the training data's ferromagnetic total to the true order. valence_muB: f moment that this total
    already holds. frozen: has an f moment that this total lacks. uncertain: no rule. antiparallel: couples against 3d.
    magnetic: has an open f shell.
    """

    change_muB: Floats
    valence_muB: Floats
    frozen: Mask
    uncertain: Mask
    antiparallel: Mask
    magnetic: Mask


@lru_cache(maxsize=1)
def rare_earth_table() -> RareEarthTable:
    """From `datasets/elements/lanthanides.csv` (Hund's-rule ground states)."""
    rows = pl.read_csv(resource("datasets") / "elements" / "lanthanides.csv")
    change, valence = np.zeros(N_ELEMENTS), np.zeros(N_ELEMENTS)
    uncertain, antiparallel, magnetic = (np.zeros(N_ELEMENTS, dtype=bool) for _ in range(3))
    for row in rows.iter_rows(named=True):
        number, moment = ATOMIC_NUMBERS[row["element"]], row["gJJ_muB"]
        # Eu3+ has no moment in its Hund's-rule ground state, Eu2+ has 7 µB: uncertain all the same.
        uncertain[number] = row["signed_add_muB"] is None or row["element"] == "Eu"
        magnetic[number] = 0 < row["f_n"] < 14
        antiparallel[number] = row["coupling_to_3d"].startswith("antiparallel")
        if not uncertain[number]:
            valence[number] = 0.0 if row["f_frozen_in_MP_PBE"] == "yes" else moment
            change[number] = row["signed_add_muB"] - valence[number]
    frozen = (change != 0) & (valence == 0)
    return RareEarthTable(change, valence, frozen, uncertain, antiparallel, magnetic)


def four_f_change_muB(counts: Floats) -> Floats:
    """What to add to the ferromagnetic, 4f-frozen moment of a cell at 0 K, (B,), in µB per cell."""
    return counts @ rare_earth_table().change_muB


def valence_4f_muB(counts: Floats) -> Floats:
    """4f moment that the training data's ferromagnetic total already holds, (B,), in µB per cell (7 per Gd)."""
    return counts @ rare_earth_table().valence_muB
