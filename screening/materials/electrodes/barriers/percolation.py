"""Percolation of hops: the lowest barrier at which hops connect the sites of an ion through the whole crystal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screening.array_types import Floats
from screening.materials.electrodes.end_members.periodic_graph import Image, connected_rank

ALIKE_EV = 0.1
"""A direction whose barrier is higher by up to this much counts as well: at 300 K hops are 50 times rarer there."""


@dataclass(frozen=True)
class Hop:
    """A hop between two sites.

    Attributes:
        first: Index of a site.
        second: Index of the site at the other end.
        image: Cell of the second site relative to that of the first.
        kind: Index of its kind; hops that symmetry makes equal are of one kind.
    """

    first: int
    second: int
    image: Image
    kind: int


@dataclass(frozen=True)
class Percolation:
    """The best connected network of hops.

    Attributes:
        barrier_eV: Of its highest hop; NaN if no network continues through the crystal.
        kind: Kind of its highest hop; -1 if there is none.
        dimensions: Number of directions in which hops up to `ALIKE_EV` above this barrier continue, 0 to 3.
    """

    barrier_eV: float
    kind: int
    dimensions: int


def percolation(hops: Sequence[Hop], barriers_eV: Floats) -> Percolation:
    """The network with the lowest highest barrier that continues through the crystal.

    Args:
        hops: All hops of a cell, each once.
        barriers_eV: Of each kind of hop, (k,); NaN for hops that cannot be made.
    """
    for kind in np.argsort(barriers_eV, kind="stable"):
        barrier = float(barriers_eV[kind])
        if np.isnan(barrier):
            break
        if network_dimensions(hops, barriers_eV <= barrier):
            return Percolation(barrier, int(kind), network_dimensions(hops, barriers_eV <= barrier + ALIKE_EV))
    return Percolation(float("nan"), -1, 0)


def network_dimensions(hops: Sequence[Hop], allowed: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """In how many directions, 0 to 3, the hops of the allowed kinds, (k,), continue."""
    links: dict[int, list[tuple[int, Image]]] = {}
    for hop in hops:
        if allowed[hop.kind]:
            back = (-hop.image[0], -hop.image[1], -hop.image[2])
            links.setdefault(hop.first, []).append((hop.second, hop.image))
            links.setdefault(hop.second, []).append((hop.first, back))
    found, left = 0, set(links)
    while left:
        rank, connected = connected_rank(min(left), links)
        found, left = max(found, rank), left - connected
    return found
