"""Calculations that lost the moments of iron and cobalt on the way to self-consistency.

Some calculations of the Materials Project end without moments where there must be some: Nd2Fe14B, YCo3 and FePd have
totals of 0. These are told from true paramagnets by the moment that a strong ferromagnet of the same valence electrons
has (`screening.chemistry.magnetic_valence`): CeCo2, HfCo, CoAl or LaFe2Si2 have too few electrons for one.
"""

from __future__ import annotations

import numpy as np

from screening.array_types import Floats, Mask
from screening.chemistry.elements import indicator
from screening.chemistry.magnetic_valence import strong_ferromagnet_muB
from screening.data.store import Store

LEAST_SHARE = 0.4
"""Of the atoms that are iron or cobalt."""
LEAST_MOMENT_MUB = 0.5
"""Per atom of iron or cobalt."""
MAGNETIZATION = "magnetization_muB_per_A3"
_ANIONS = indicator(("N", "P", "As", "Sb", "Bi", "O", "S", "Se", "Te"))


def rich_in_iron_and_cobalt(counts: Floats) -> Mask:
    """Compositions (B, 119) with at least 40 % Fe and Co and no element of group 15, O, S, Se or Te: (B,)."""
    share = counts @ indicator(("Fe", "Co")) / counts.sum(axis=1)
    return np.asarray((share >= LEAST_SHARE) & (counts @ _ANIONS == 0))


def without_moments(counts: Floats, moment_muB: Floats) -> Mask:
    """Crystals rich in Fe and Co with less than 0.5 µB per Fe and Co, collapsed or truly without moments.

    Args:
        counts: (B, 119) atoms of each element.
        moment_muB: (B,) moments of the cells; NaN if unknown.
    """
    carriers = counts @ indicator(("Fe", "Co"))
    return np.asarray(rich_in_iron_and_cobalt(counts) & (moment_muB < LEAST_MOMENT_MUB * carriers))


def collapsed(counts: Floats, moment_muB: Floats) -> Mask:
    """Crystals `without_moments` although a strong ferromagnet of their valence has 0.5 µB per Fe and Co or more."""
    expected = np.nan_to_num(strong_ferromagnet_muB(counts))
    return without_moments(counts, moment_muB) & (expected >= LEAST_MOMENT_MUB)


def collapsed_labels(store: Store) -> tuple[Mask, Mask]:
    """Which labels of a store's B crystals come from collapsed calculations.

    Returns:
        (B,) masks of the magnetizations and of the site moments.
    """
    counts = store.crystals.element_counts()
    known_totals = MAGNETIZATION in store.index.columns
    total = (
        store.labels([MAGNETIZATION])[:, 0] * store.crystals.volume_A3 if known_totals else np.full(len(store), np.nan)
    )
    start = store.crystals.offsets[:-1]
    size = np.abs(store.site_moment_muB)
    known = np.logical_or.reduceat(np.isfinite(size), start)
    sites = np.where(known, np.add.reduceat(np.nan_to_num(size), start), np.nan)
    return collapsed(counts, total), collapsed(counts, sites)
