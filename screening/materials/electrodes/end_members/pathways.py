"""Pathways of the ion: whether free space in the frame connects its sites with those of other cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label
from scipy.spatial import cKDTree

from screening.array_types import Floats
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.images import Integers, images_around
from screening.materials.electrodes.end_members.roles import has_anions
from screening.materials.electrodes.end_members.windows import CONTRACTION, windows

GRID_A = 0.3
_MOST_GRID_POINTS = 400_000
_REACH_A = 5.0
_LEVELS = np.arange(0.60, 1.21, 0.02)
_PASSING_CATIONS = 0.9
"""A moving ion comes closer to cations of the frame than an ion at rest, at the shared face of two polyhedra."""
BLOCKED_BELOW = 0.79
"""Inactive maricite NaFePO4 and similar crystals have a bottleneck of 0.74 to 0.76. Known electrodes in
datasets/reference/electrodes.csv have more: layered NaCrO2 0.84, layered NaCoO2 0.86, triphylite LiFePO4 0.96."""


@dataclass(frozen=True)
class Pathway:
    """The widest passage of the ion.

    Attributes:
        bottleneck: Its narrowest distance over the shortest distance for an ion at rest; 1 is as wide as a narrow site.
        dimensions: Number of directions in which it continues, from 0 (enclosed) to 3.
    """

    bottleneck: float
    dimensions: int

    def blocked(self, contracted: bool = False) -> bool:
        """Whether the ion cannot leave its site without pushing the frame apart.

        Args:
            contracted: Whether the cell is that of the charged host, which expands when the ion enters.
        """
        return self.bottleneck < BLOCKED_BELOW * (CONTRACTION if contracted else 1.0)


def find_pathway(crystal: Crystal, ion: str) -> Pathway:
    """The widest passage of the ion from its sites through the frame without the other ions."""
    held = crystal.numbers == ATOMIC_NUMBERS[ion]
    clearance = _clearance(crystal, held, ion)
    shape = np.array(clearance.shape)
    sites = tuple(np.floor((crystal.frac[held] % 1.0) * shape).astype(int).T % shape[:, None])
    low, high = 0, len(_LEVELS)
    found = 0
    while low < high:  # the widest level at which some ion can leave
        middle = (low + high) // 2
        dimensions = _dimensions(clearance >= _LEVELS[middle], sites)
        if dimensions:
            low, found = middle + 1, dimensions
        else:
            high = middle
    return Pathway(float(_LEVELS[low - 1]) if low else 0.0, found)


def _clearance(crystal: Crystal, held: NDArray[np.bool_], ion: str) -> Floats:
    """Distance to the nearest atom of the frame over the shortest distance for an ion, on a grid of the cell."""
    keeps = windows(ion, has_anions(crystal.numbers))
    limits = np.where(keeps.bond_A > 0, 1.0, _PASSING_CATIONS) * keeps.nearest_A
    numbers = crystal.numbers[~held]
    positions, owner = images_around(crystal.lattice, crystal.frac[~held], _REACH_A)
    spacing = max(GRID_A, (np.prod(np.linalg.norm(crystal.lattice, axis=1)) / _MOST_GRID_POINTS) ** (1 / 3))
    counts = np.maximum(np.ceil(np.linalg.norm(crystal.lattice, axis=1) / spacing).astype(int), 2)
    axes = [(np.arange(count) + 0.5) / count for count in counts]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3) @ crystal.lattice
    clearance = np.full(len(grid), np.inf)
    nearest = limits[numbers]
    for limit in np.unique(nearest):
        members = positions[nearest[owner] == limit]
        d, _ = cKDTree(members).query(grid, distance_upper_bound=_REACH_A)
        clearance = np.minimum(clearance, d / limit)
    return np.asarray(clearance.reshape(counts))


def _dimensions(free: NDArray[np.bool_], sites: tuple[Integers, ...]) -> int:
    """Number of independent directions in which the free space around any of the sites is infinite."""
    labels, _ = label(free)
    near = {int(found) for found in _around(labels, sites) if found}
    links = _border_links(labels)
    return max((_rank(start, links) for start in near), default=0)


def _around(labels: Integers, sites: tuple[Integers, ...]) -> list[int]:
    """Labels at the grid points of the sites and next to them, because a site may be off the centre of its space."""
    found: list[int] = []
    for shift in np.ndindex(3, 3, 3):
        index = tuple((axis + step - 1) % size for axis, step, size in zip(sites, shift, labels.shape, strict=True))
        found += np.unique(labels[index]).tolist()
    return found


def _border_links(labels: Integers) -> dict[int, set[tuple[int, int, int]]]:
    """Label -> (label across a face of the cell, axis, direction)."""
    links: dict[int, set[tuple[int, int, int]]] = {}
    for axis in range(3):
        last, first = np.take(labels, -1, axis=axis).ravel(), np.take(labels, 0, axis=axis).ravel()
        both = (last > 0) & (first > 0)
        for a, b in set(zip(last[both].tolist(), first[both].tolist(), strict=True)):
            links.setdefault(a, set()).add((b, axis, 1))
            links.setdefault(b, set()).add((a, axis, -1))
    return links


def _rank(start: int, links: dict[int, set[tuple[int, int, int]]]) -> int:
    """Rank of the lattice vectors of closed paths from a label."""
    offsets = {start: np.zeros(3, dtype=int)}
    loops: list[NDArray[np.int_]] = []
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for there, axis, direction in sorted(links.get(here, ())):
            offset = offsets[here].copy()
            offset[axis] += direction
            if there not in offsets:
                offsets[there] = offset
                waiting.append(there)
            elif (offset != offsets[there]).any():
                loops.append(offset - offsets[there])
    return int(np.linalg.matrix_rank(np.array(loops))) if loops else 0
