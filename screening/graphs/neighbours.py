"""Periodic neighbour pairs of a whole batch of crystals.

On a CPU pymatgen's C++ search runs crystal by crystal, which was measured to be faster than the batched kernels
(`scripts/benchmark_graphs.py`); on CUDA nvalchemi-toolkit-ops searches the batch at once. Neither truncates: the
first sizes its own output, the second is asked again with more room when a count reaches the capacity.
"""

from __future__ import annotations

from dataclasses import dataclass
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

    centre, neighbour: (E,) atom rows in the batch; image: (E, 3) lattice translation of the neighbour;
    vector: (E, 3) from centre to neighbour in Å; distance: (E,) in Å.
    """

    centre: Tensor
    neighbour: Tensor
    image: Tensor
    vector: Tensor
    distance: Tensor


def neighbour_pairs(
    crystals: PackedCrystals,
    cutoff_A: NDArray[np.float64],
    *,
    periodic: bool = True,
    device: str | torch.device = "cpu",
) -> Pairs:
    """All pairs closer than the cutoff of their crystal (cutoff_A: (B,) in Å), both directions, self excluded.

    Raises ScreeningError on CUDA when a crystal has an absurd number of neighbours.
    """
    if torch.device(device).type == "cuda":
        return _batched_search(crystals, cutoff_A, periodic, torch.device(device))
    return _search_each(crystals, cutoff_A, periodic)


def _search_each(crystals: PackedCrystals, cutoff_A: NDArray[np.float64], periodic: bool) -> Pairs:
    from pymatgen.optimization.neighbors import find_points_in_spheres

    pbc = np.full(3, int(periodic), dtype=np.int64)
    found: list[tuple[NDArray[Any], ...]] = []
    for index in range(len(crystals)):
        atoms = crystals.atoms(index)
        lattice = np.ascontiguousarray(crystals.lattice[index], dtype=np.float64)
        # pymatgen's search expects wrapped coordinates; the image is put back afterwards
        wrap = np.floor(crystals.frac[atoms]) if periodic else np.zeros((atoms.stop - atoms.start, 3))
        positions = np.ascontiguousarray((crystals.frac[atoms] - wrap) @ lattice)
        centre, neighbour, image, distance = find_points_in_spheres(
            positions, positions, float(cutoff_A[index]), pbc, lattice, _SAME_ATOM_A
        )
        keep = distance > _SAME_ATOM_A
        centre, neighbour, image = centre[keep], neighbour[keep], image[keep]
        vector = positions[neighbour] + image @ lattice - positions[centre]
        image = image + wrap[centre] - wrap[neighbour]
        found.append((centre + atoms.start, neighbour + atoms.start, image, vector, distance[keep]))
    centre, neighbour, image, vector, distance = (
        (np.concatenate(parts) for parts in zip(*found, strict=True)) if found else _nothing()
    )
    return Pairs(
        torch.from_numpy(np.asarray(centre, dtype=np.int64)),
        torch.from_numpy(np.asarray(neighbour, dtype=np.int64)),
        torch.from_numpy(np.asarray(image, dtype=np.int32)),
        torch.from_numpy(vector),
        torch.from_numpy(distance),
    )


def _nothing() -> tuple[NDArray[Any], ...]:
    return np.zeros(0), np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0)


def _batched_search(
    crystals: PackedCrystals, cutoff_A: NDArray[np.float64], periodic: bool, device: torch.device
) -> Pairs:
    from nvalchemiops.torch.neighbors import neighbor_list

    dtype = torch.float64
    lattice = torch.as_tensor(crystals.lattice, dtype=dtype, device=device)
    offsets = torch.as_tensor(crystals.offsets, device=device)
    owner = torch.repeat_interleave(torch.arange(len(crystals), device=device), offsets.diff())
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
    neighbour, image = matrix[valid].long(), shifts[valid]
    vector = positions[neighbour] - positions[centre]
    vector = vector + torch.einsum("ei,eij->ej", image.to(dtype), lattice[owner[centre]])
    distance = vector.norm(dim=1)
    own_cutoff = torch.as_tensor(cutoff_A, dtype=dtype, device=device)[owner[centre]]
    keep = (distance <= own_cutoff) & (distance > _SAME_ATOM_A)
    return Pairs(centre[keep], neighbour[keep], image[keep], vector[keep], distance[keep])
