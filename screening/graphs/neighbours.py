"""Periodic neighbour pairs of a whole batch of crystals.

On a CPU pymatgen's C++ search runs crystal by crystal, which was measured to be faster than the batched kernels
(`scripts/benchmark_graphs.py`); on CUDA nvalchemi-toolkit-ops searches the batch at once. Neither truncates: the
first sizes its own output, the second is asked again with more room when a count reaches the capacity.
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

_SAME_ATOM_A = 1e-6  # closer than this is the atom itself, not a neighbour
_MOST_NEIGHBOURS = 1 << 14  # an atom with more neighbours than this within the cutoff is a broken crystal


@dataclass(frozen=True)
class Pairs:
    """Directed neighbour pairs, grouped by centre.

    centre, neighbour: (E,) atom rows in the batch; image: (E, 3) lattice translation of the neighbour; distance: (E,)
    in Å. positions: (N, 3) of the atoms in Å, within the cell or not; lattice: (N, 3, 3) of each atom's crystal.
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
    """All pairs closer than the cutoff of their crystal (cutoff_A: (B,) in Å), both directions, self excluded.

    with_self: each atom may come out as its own neighbour at an infinite distance, which saves a pass over the pairs.
    Raises ScreeningError on CUDA when a crystal has an absurd number of neighbours.
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
