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
from screening.materials.electrodes.end_members.periodic_graph import Image, connected_rank
from screening.materials.electrodes.end_members.roles import has_anions
from screening.materials.electrodes.end_members.windows import CONTRACTION, windows

GRID_A = 0.3
_MOST_GRID_POINTS = 400_000
_LEVELS = np.arange(0.60, 1.21, 0.02)
_AROUND = np.array(list(np.ndindex(3, 3, 3))) - 1
_ACROSS: tuple[tuple[Image, Image], ...] = (((1, 0, 0), (-1, 0, 0)), ((0, 1, 0), (0, -1, 0)), ((0, 0, 1), (0, 0, -1)))
_PASSING_CATIONS = 0.9
"""A moving ion comes closer to cations of the frame than an ion at rest, at the shared face of two polyhedra."""
NARROW_BELOW = 0.87
"""No crystal known to be blocked is wider: maricite NaFePO4 has 0.78, marokite CaMn2O4 0.80, brownmillerite Ca2Fe2O5
0.82, dense LiNiPO4 (Cmcm) 0.84. Layered electrodes are as narrow as these (0.84 to 0.88), triphylite is not (0.96)."""


@dataclass(frozen=True)
class Pathway:
    """The widest passage of the ion.

    Attributes:
        bottleneck: Its narrowest distance over the shortest distance for an ion at rest; 1 is as wide as a narrow site.
        dimensions: Number of directions in which it continues, from 0 (enclosed) to 3.
    """

    bottleneck: float
    dimensions: int


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


def is_narrow(crystal: Crystal, ion: str, contracted: bool = False) -> bool:
    """Whether the passage is so narrow that energies have to tell whether the ion can leave.

    Args:
        crystal: The discharged crystal.
        ion: Symbol of the ion.
        contracted: Whether the cell is that of the charged host, which expands when the ion enters.
    """
    return not _Space.of(crystal, ion).dimensions(NARROW_BELOW * (CONTRACTION if contracted else 1.0))


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
        return max((connected_rank(start, links)[0] for start in starts[starts > 0].tolist()), default=0)

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


def _border_links(labels: Integers) -> dict[int, set[tuple[int, Image]]]:
    """Label -> (label across a face of the cell, the cell there)."""
    links: dict[int, set[tuple[int, Image]]] = {}
    for axis, (ahead, back) in enumerate(_ACROSS):
        last, first = np.take(labels, -1, axis=axis).ravel(), np.take(labels, 0, axis=axis).ravel()
        both = (last > 0) & (first > 0)
        for a, b in set(zip(last[both].tolist(), first[both].tolist(), strict=True)):
            links.setdefault(a, set()).add((b, ahead))
            links.setdefault(b, set()).add((a, back))
    return links
