"""Supercells along the edges of a cell."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from screening.crystals.sanity import plane_spacings


def most_compact(lattice: NDArray[np.float64], copies: int) -> tuple[int, int, int]:
    """Repeats along a, b, c with this product for which the closest lattice planes are farthest apart."""
    spacings = plane_spacings(lattice)
    return max(_factorisations(copies), key=lambda repeats: (round(float((spacings * repeats).min()), 6), repeats))


def _factorisations(copies: int) -> Iterator[tuple[int, int, int]]:
    for a, b in product(range(1, copies + 1), repeat=2):
        if copies % (a * b) == 0:
            yield a, b, copies // (a * b)
