"""What a crystal is whatever its cell: formula, volume for each atom, distances between neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from screening.chemistry.formulas import reduced_formula


@dataclass(frozen=True)
class Fingerprint:
    """A crystal in numbers that do not depend on the choice of its cell, apart from `n_atoms`.

    Attributes:
        n_atoms: Atoms in the cell as given.
        formula: Reduced.
        volume_A3: Of the cell as given.
        shortest_A: Shortest distance between two atoms, images included.
        shells_A: Mean distances to the nearest, second nearest, ... neighbor, for each element in turn.
    """

    n_atoms: int
    formula: str
    volume_A3: float
    shortest_A: float
    shells_A: tuple[float, ...] = ()

    @property
    def volume_per_atom_A3(self) -> float:
        return self.volume_A3 / self.n_atoms


def fingerprint(
    lattice: NDArray[np.float64], numbers: NDArray[np.integer], frac: NDArray[np.float64], shells: int = 0
) -> Fingerprint:
    """Of a crystal without partial occupancies; shells: how many neighbors of each atom to look at."""
    formula = reduced_formula(np.asarray(numbers, dtype=np.int16))
    volume = float(abs(np.linalg.det(lattice)))
    if not shells:
        return Fingerprint(len(numbers), formula, volume, _shortest(lattice, frac))
    distances = _nearest(Structure(lattice, [int(z) for z in numbers], frac), shells)
    found = [distances[np.asarray(numbers) == z].mean(axis=0) for z in sorted(set(map(int, numbers)))]
    return Fingerprint(len(numbers), formula, volume, float(distances.min()), tuple(np.concatenate(found).tolist()))


def _shortest(lattice: NDArray[np.float64], frac: NDArray[np.float64]) -> float:
    """Shortest distance in Å: all pairs in a reduced cell, with the 27 images around."""
    reduced = Lattice(lattice).get_lll_reduced_lattice().matrix
    inside = frac @ lattice @ np.linalg.inv(reduced)
    shifts = np.array(list(product((-1, 0, 1), repeat=3)))
    best = np.inf
    for position in inside:
        apart = inside - position
        vectors = ((apart - np.rint(apart))[:, None, :] + shifts).reshape(-1, 3) @ reduced
        lengths = np.linalg.norm(vectors, axis=1)
        lengths[np.flatnonzero((inside == position).all(axis=1))[:1] * 27 + 13] = np.inf  # itself
        best = min(best, float(lengths.min()))
    return best


def _nearest(structure: Structure, count: int) -> NDArray[np.float64]:
    """(n, count) sorted distances of each atom in Å."""
    radius = 4.0
    while True:
        center, _, _, distance = structure.get_neighbor_list(radius, exclude_self=True)
        if len(center) and np.bincount(center, minlength=len(structure)).min() >= count:
            break
        radius *= 1.5
    order = np.lexsort((distance, center))
    starts = np.searchsorted(center[order], np.arange(len(structure)))
    return distance[order][starts[:, None] + np.arange(count)]


def differences(one: Fingerprint, other: Fingerprint, *, same_cell: bool = False, tolerance_A: float = 2e-3) -> str:
    """How two crystals differ in words; empty if they do not."""
    if one.formula != other.formula:
        return f"{one.formula} and {other.formula}"
    if same_cell and one.n_atoms != other.n_atoms:
        return f"{one.n_atoms} and {other.n_atoms} atoms"
    if abs(one.volume_per_atom_A3 / other.volume_per_atom_A3 - 1) > 1e-4:
        return f"{one.volume_per_atom_A3:.5g} and {other.volume_per_atom_A3:.5g} A3 for each atom"
    if abs(one.shortest_A - other.shortest_A) > tolerance_A:
        return f"shortest distances of {one.shortest_A:.4f} and {other.shortest_A:.4f} A"
    if one.shells_A and other.shells_A:
        worst = float(np.abs(np.subtract(one.shells_A, other.shells_A)).max())
        if worst > tolerance_A:
            return f"mean distances of neighbors differ by {worst:.4f} A"
    return ""
