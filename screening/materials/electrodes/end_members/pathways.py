"""Pathways of the ion: whether free space in the frame connects its sites with those of other cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from screening.array_types import Floats
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.crystal import Crystal
from screening.crystals.sanity import plane_spacings
from screening.materials.electrodes.end_members.images import Integers
from screening.materials.electrodes.end_members.roles import has_anions
from screening.materials.electrodes.end_members.windows import CONTRACTION, windows

GRID_A = 0.3
_MOST_GRID_POINTS = 400_000
_LEVELS = np.arange(0.60, 1.21, 0.02)
_AROUND = np.array(list(np.ndindex(3, 3, 3))) - 1
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
    space = _Space.of(crystal, ion)
    low, high = 0, len(_LEVELS)
    found = 0
    while low < high:  # the widest level at which some ion can leave
        middle = (low + high) // 2
        dimensions = space.dimensions(_LEVELS[middle])
        if dimensions:
            low, found = middle + 1, dimensions
        else:
            high = middle
    return Pathway(float(_LEVELS[low - 1]) if low else 0.0, found)


def is_blocked(crystal: Crystal, ion: str, contracted: bool = False) -> bool:
    """As `find_pathway(...).blocked(contracted)`, for a fifth of the work: it looks at one width only."""
    enough = next(level for level in _LEVELS.tolist() if not Pathway(level, 1).blocked(contracted))
    return not _Space.of(crystal, ion).dimensions(enough)


@dataclass(frozen=True)
class _Space:
    """A grid of the cell with n atoms of the frame.

    Attributes:
        lattice: (3, 3) in Å.
        counts: Grid points along each axis, (3,); they lie in the middle of their parts of the cell.
        frac: Of the atoms, in [0, 1), (n, 3).
        nearest_A: Shortest distance of an ion at rest from each atom, (n,).
        sites: Grid indices of the ion's sites, (k, 3).
    """

    lattice: Floats
    counts: Integers
    frac: Floats
    nearest_A: Floats
    sites: Integers

    @classmethod
    def of(cls, crystal: Crystal, ion: str) -> _Space:
        held = crystal.numbers == ATOMIC_NUMBERS[ion]
        keeps = windows(ion, has_anions(crystal.numbers))
        limits = np.where(keeps.bond_A > 0, 1.0, _PASSING_CATIONS) * keeps.nearest_A
        lengths = np.linalg.norm(crystal.lattice, axis=1)
        spacing = max(GRID_A, (np.prod(lengths) / _MOST_GRID_POINTS) ** (1 / 3))
        counts = np.maximum(np.ceil(lengths / spacing).astype(np.intp), 2)
        frac = crystal.frac - np.floor(crystal.frac)
        sites = np.floor(frac[held] * counts).astype(np.intp) % counts
        return cls(crystal.lattice, counts, frac[~held], limits[crystal.numbers[~held]], sites)

    def dimensions(self, level: float) -> int:
        """Number of independent directions in which the space this wide around any of the sites is infinite."""
        labels, _ = label(self._free(level))
        # a site may be off the centre of its space, so that the points next to it count too
        near = (self.sites[:, None, :] + _AROUND) % self.counts
        starts = np.unique(labels[tuple(near.reshape(-1, 3).T)])
        links = _border_links(labels)
        return max((_rank(start, links) for start in starts[starts > 0].tolist()), default=0)

    def _free(self, level: float) -> NDArray[np.bool_]:
        """Grid points no nearer to any atom than `level` times its shortest distance."""
        free = np.ones(self.counts, dtype=np.bool_)
        step = self.lattice / self.counts[:, None]
        half_A = 0.5 * float(np.linalg.norm(step, axis=1).sum())
        for nearest in np.unique(self.nearest_A):
            reach = level * nearest
            box = np.ceil((reach + half_A) / plane_spacings(step)).astype(int)
            steps = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in box), indexing="ij"), axis=-1).reshape(-1, 3)
            steps = steps[np.linalg.norm(steps @ step, axis=1) < reach + half_A]
            moved = steps @ step
            own = self.frac[self.nearest_A == nearest] * self.counts
            first = np.floor(own).astype(np.intp)
            offset = (first + 0.5 - own) @ step
            apart = np.square(moved).sum(axis=1) + np.square(offset).sum(axis=1)[:, None] + 2 * offset @ moved.T
            atom, taken = np.nonzero(apart < reach * reach)
            free[tuple((first[atom, axis] + steps[taken, axis]) % self.counts[axis] for axis in range(3))] = False
        return free


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
