"""A hop as a path in a cell of its own, large enough that the ion does not meet its image."""

from __future__ import annotations

from itertools import product

import numpy as np

from screening.array_types import Floats
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.sanity import plane_spacings
from screening.materials.electrodes.barriers.hops import HopNetwork, vacated
from screening.materials.electrodes.barriers.migration_path import N_POINTS, MigrationPath
from screening.materials.electrodes.barriers.percolation import Hop
from screening.materials.electrodes.end_members.images import distances

LEAST_SPACING_A = 8.0
"""Between a path and its image; a quarter of the published calculations have less."""
_SAME_PLACE_A = 0.01


def as_path(network: HopNetwork, hop: Hop, name: str) -> MigrationPath:
    """The frame in a supercell, without the ions in or too near to both ends, and the straight path between them.

    Args:
        network: The network that the hop belongs to.
        hop: The hop.
        name: Of the path.
    """
    crystal = network.crystal
    cell = _reduced(crystal.lattice)
    counts = np.maximum(np.ceil(LEAST_SPACING_A / plane_spacings(cell) - 1e-6).astype(int), 1)
    lattice = counts[:, None] * cell
    inverse = np.linalg.inv(lattice)
    shifts = np.array(list(product(*map(range, counts))), dtype=np.float64) @ cell
    positions = (shifts[:, None] + (crystal.frac @ crystal.lattice)[None]).reshape(-1, 3)
    numbers = np.tile(crystal.numbers, len(shifts))
    frac = positions @ inverse
    gone = vacated(network, hop) @ crystal.lattice @ inverse
    held = np.flatnonzero(numbers == ATOMIC_NUMBERS[network.ion])
    stays = np.ones(len(numbers), dtype=bool)
    if len(gone):
        stays[held] = distances(lattice, frac[held], gone, _SAME_PLACE_A).min(axis=1) > _SAME_PLACE_A
    ends = network.ends(hop) @ crystal.lattice @ inverse
    path = np.linspace(ends[0], ends[1], N_POINTS)
    return MigrationPath(name, network.ion, lattice, numbers[stays], frac[stays] - np.floor(frac[stays]), path)


def _reduced(lattice: Floats) -> Floats:
    """The same lattice with short vectors (Lenstra, Lenstra & Lovász, Math. Ann. 261, 515 (1982))."""
    from pymatgen.core.lattice import Lattice

    return np.asarray(Lattice(lattice).lll_matrix, dtype=np.float64)
