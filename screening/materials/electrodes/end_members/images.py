"""Periodic images of atoms around a cell, and distances between periodic images."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.crystals.sanity import plane_spacings

Integers = NDArray[np.intp]


def images_around(lattice: Floats, frac: Floats, reach_A: float) -> tuple[Floats, Integers]:
    """Periodic images of n atoms within `reach_A` of the cell.

    Returns:
        Cartesian positions of m images, (m, 3), and the atom that each belongs to, (m,).
    """
    margin = reach_A / plane_spacings(lattice)
    reach = np.ceil(margin).astype(int)
    shifts = np.array(list(product(*(range(-r, r + 1) for r in reach))), dtype=np.float64)
    wrapped = frac - np.floor(frac)
    spread = (wrapped[None, :, :] + shifts[:, None, :]).reshape(-1, 3)
    near = ((spread >= -margin) & (spread <= 1 + margin)).all(axis=1)
    owner = np.tile(np.arange(len(frac), dtype=np.intp), len(shifts))
    return spread[near] @ lattice, owner[near]


def distances(lattice: Floats, first: Floats, second: Floats, exact_to_A: float) -> Floats:
    """Shortest distances in Å between fractional points (a, 3) and (b, 3) over their periodic images, (a, b).

    They are exact up to `exact_to_A` and never too short beyond it. Wrapped differences are within ±1/2, so shifts of
    up to `exact_to_A` over the plane spacing plus 1/2 are enough.
    """
    apart = first[:, None, :] - second[None, :, :]
    apart -= np.rint(apart)
    best = np.full(apart.shape[:2], np.inf)
    reach = np.maximum(np.ceil(exact_to_A / plane_spacings(lattice) + 0.5).astype(int) - 1, 0)
    for shift in product(*(range(-r, r + 1) for r in reach)):
        cartesian = (apart + np.array(shift)) @ lattice
        best = np.minimum(best, np.einsum("abi,abi->ab", cartesian, cartesian))
    return np.asarray(np.sqrt(best))


def self_distances(lattice: Floats) -> float:
    """The shortest distance in Å of a point from its own images."""
    shifts = np.array([shift for shift in product((-1, 0, 1), repeat=3) if any(shift)], dtype=np.float64)
    return float(np.sqrt((np.square(shifts @ lattice)).sum(axis=1).min()))
