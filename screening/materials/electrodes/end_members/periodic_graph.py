"""Graphs that repeat with a lattice: in how many directions the connected part around a node continues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

Image = tuple[int, int, int]
"""Cell of a node relative to that of its neighbor."""
Links = Mapping[int, Iterable[tuple[int, Image]]]
"""Node -> its neighbors, each with its cell; every link is there from both sides."""


def connected_rank(start: int, links: Links) -> tuple[int, set[int]]:
    """The rank, 0 to 3, of the lattice vectors of closed paths from a node, and the nodes that are connected with it.

    With the links cut at the borders of the cell, a closed path that ends in another cell is infinite in the crystal.
    """
    offsets = {start: np.zeros(3, dtype=int)}
    loops: list[np.ndarray[tuple[int], np.dtype[np.int_]]] = []
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for there, image in sorted(links.get(here, ())):
            offset = offsets[here] + np.array(image)
            if there not in offsets:
                offsets[there] = offset
                waiting.append(there)
            elif (offset != offsets[there]).any():
                loops.append(offset - offsets[there])
    return (int(np.linalg.matrix_rank(np.array(loops))) if loops else 0), set(offsets)
