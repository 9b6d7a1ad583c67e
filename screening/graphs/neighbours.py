"""Periodic neighbour pairs of a whole batch of crystals.

On a CPU, pymatgen's C++ search runs crystal by crystal, which is faster than the batched kernels
(`scripts/benchmark_graphs.py`). On CUDA, nvalchemi-toolkit-ops searches the whole batch at once. Neither truncates: the
first sizes its own output, and the second runs again with more room when a count reaches the capacity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from screening.crystals.packed import PackedCrystals
from screening.errors import ScreeningError

_SAME_ATOM_A = 1e-6  # a pair closer than this is the atom itself
_MOST_NEIGHBOURS = 1 << 14  # a crystal with more neighbours of one atom is broken


@dataclass(frozen=True)
class Pairs:
    """Directed neighbour pairs, grouped by centre.

    Attributes:
        centre: (E,) row of the first atom in the batch.
        neighbour: (E,) row of the second atom.
        image: (E, 3) lattice translation of the second atom.
        distance: (E,) in Å.
        positions: (N, 3) of all atoms in Å, inside or outside of the cell.
        lattice: (N, 3, 3) lattice vectors of each atom's crystal in Å.
    """

    centre: Tensor
    neighbour: Tensor
    image: Tensor
    distance: Tensor
    positions: Tensor
    lattice: Tensor

    def take(self, rows: Tensor) -> Pairs:
        """Some of the pairs."""
        return replace(
            self,
            centre=self.centre[rows],
            neighbour=self.neighbour[rows],
            image=self.image[rows],
            distance=self.distance[rows],
        )

    def vectors(self) -> Tensor:
        """(E, 3) from centre to neighbour in Å."""
        shift = torch.einsum("ei,eij->ej", self.image.to(self.lattice.dtype), self.lattice[self.centre])
        return self.positions[self.neighbour] - self.positions[self.centre] + shift


def neighbour_pairs(
    crystals: PackedCrystals,
    cutoff_A: NDArray[np.float64],
    *,
    periodic: bool = True,
    with_self: bool = False,
    device: str | torch.device = "cpu",
) -> Pairs:
    """All pairs of atoms closer than the cutoff of their crystal, in both directions.

    Args:
        crystals: B crystals.
        cutoff_A: (B,) cutoffs.
        periodic: Whether to include periodic images.
        with_self: Allow each atom as its own neighbour at an infinite distance, which saves a pass over the pairs.
        device: Where to search, and where the result is.

    Raises:
        ScreeningError: On CUDA, an atom has an absurd number of neighbours.
    """
    if torch.device(device).type == "cuda":
        return _batched_search(crystals, cutoff_A, periodic, torch.device(device))
    found = _search_each(crystals, cutoff_A, periodic)
    return found if with_self else found.take(torch.nonzero(found.distance.isfinite())[:, 0])


def _search_each(crystals: PackedCrystals, cutoff_A: NDArray[np.float64], periodic: bool) -> Pairs:
    from pymatgen.optimization.neighbors import find_points_in_spheres

    pbc = np.full(3, int(periodic), dtype=np.int64)
    lattices = np.ascontiguousarray(crystals.lattice, dtype=np.float64)
    lattice_of = np.repeat(lattices, crystals.n_atoms, axis=0)
    # pymatgen's search expects atoms within the cell
    frac = crystals.frac - np.floor(crystals.frac) if periodic else crystals.frac
    positions = np.einsum("ni,nij->nj", frac, lattice_of)
    bounds, cutoffs = crystals.offsets.tolist(), cutoff_A.tolist()
    found = []
    for index, lattice in enumerate(lattices):
        own = positions[bounds[index] : bounds[index + 1]]
        found.append(find_points_in_spheres(own, own, cutoffs[index], pbc, lattice, _SAME_ATOM_A))
    centre, neighbour, image, distance = (
        (np.concatenate(part) for part in zip(*found, strict=True)) if found else _nothing()
    )
    first = np.repeat(crystals.offsets[:-1], [len(part[0]) for part in found])
    distance[distance <= _SAME_ATOM_A] = np.inf
    pairs = (centre + first, neighbour + first, image, distance, positions, lattice_of)
    return Pairs(*map(torch.from_numpy, pairs))


def _nothing() -> tuple[NDArray[Any], ...]:
    none = np.zeros(0, dtype=np.int64)
    return none, none, np.zeros((0, 3)), np.zeros(0)


def _batched_search(
    crystals: PackedCrystals, cutoff_A: NDArray[np.float64], periodic: bool, device: torch.device
) -> Pairs:
    from nvalchemiops.torch.neighbors import neighbor_list

    dtype = torch.float64
    lattice = torch.as_tensor(crystals.lattice, dtype=dtype, device=device)
    offsets = torch.as_tensor(crystals.offsets, device=device)
    owner = torch.as_tensor(crystals.owner, device=device)
    frac = torch.as_tensor(crystals.frac, dtype=dtype, device=device)
    positions = torch.einsum("ni,nij->nj", frac, lattice[owner])
    pbc = torch.full((len(crystals), 3), periodic, dtype=torch.bool, device=device)
    cutoff, capacity = float(cutoff_A.max(initial=0.0)), 128
    while True:
        matrix, counts, shifts = neighbor_list(
            positions,
            cutoff,
            cell=lattice,
            pbc=pbc,
            batch_idx=owner.int(),
            batch_ptr=offsets.int(),
            max_neighbors=capacity,
        )
        most = int(counts.max()) if len(counts) else 0
        if most < capacity:
            break
        if most >= _MOST_NEIGHBOURS:
            raise ScreeningError(f"an atom has over {_MOST_NEIGHBOURS} neighbours within {cutoff:.1f} Å")
        capacity = max(2 * capacity, most + 1)
    valid = torch.arange(matrix.shape[1], device=device) < counts[:, None]
    centre = torch.nonzero(valid)[:, 0]
    nothing = positions.new_zeros(len(centre))
    found = Pairs(centre, matrix[valid].long(), shifts[valid], nothing, positions, lattice[owner])
    distance = found.vectors().norm(dim=1)
    own_cutoff = torch.as_tensor(cutoff_A, dtype=dtype, device=device)[owner[centre]]
    keep = torch.nonzero((distance <= own_cutoff) & (distance > _SAME_ATOM_A))[:, 0]
    return replace(found, distance=distance).take(keep)
