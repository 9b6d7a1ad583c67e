"""Crystals with a single magnetic sublattice. They are no ferrimagnets, since opposed moments of equal size cancel.

The atoms of a sublattice have the same surroundings. Sums over the neighbours show this without a search for symmetry,
which takes milliseconds, and in any cell.
"""

from __future__ import annotations

import numpy as np

from screening.array_types import Floats, Mask
from screening.chemistry.elements import indicator
from screening.crystals.packed import PackedCrystals
from screening.graphs.neighbours import neighbour_pairs
from screening.materials.magnets.carriers import MAY_BE_MAGNETIC

_CUTOFF_A = 5.0
_CLOSE_A, _DECAY_A = 2.5, 0.5
_ALIKE = 0.05
"""Largest relative difference of the sums of alike atoms; 0.01 Å in all bonds changes them by up to 4 %."""


def single_sublattice(packed: PackedCrystals, counts: Floats) -> Mask:
    """Whether all atoms that may carry a moment are of one element and have the same surroundings, (B,).

    Args:
        packed: B crystals.
        counts: Atoms of each element, (B, 119).
    """
    carriers = indicator(MAY_BE_MAGNETIC) > 0
    single = (counts[:, carriers] > 0).sum(axis=1) == 1
    rows = np.flatnonzero(single & (counts[:, carriers].sum(axis=1) > 1))
    if len(rows):
        single[rows] = _alike(packed.take(rows), carriers)
    return np.asarray(single)


def _alike(packed: PackedCrystals, carriers: Mask) -> Mask:
    """Whether the carriers of each crystal have the same surroundings, (B,)."""
    pairs = neighbour_pairs(packed, np.full(len(packed), _CUTOFF_A))
    centre, weight = pairs.centre.numpy(), np.exp(-(pairs.distance.numpy() - _CLOSE_A) / _DECAY_A)
    own = carriers[packed.numbers]
    to_own = own[pairs.neighbour.numpy()]
    starts = np.searchsorted(packed.owner[own], np.arange(len(packed)))
    alike = np.ones(len(packed), dtype=bool)
    for part in (weight, weight**2):
        total = np.maximum.reduceat(np.bincount(centre, part, len(own))[own], starts)
        for neighbours in (to_own, ~to_own):
            sums = np.bincount(centre, part * neighbours, len(own))[own]
            alike &= np.maximum.reduceat(sums, starts) - np.minimum.reduceat(sums, starts) <= _ALIKE * total
    return alike
