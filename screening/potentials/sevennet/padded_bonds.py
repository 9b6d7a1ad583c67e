"""The bonds of a batch, in blocks of atoms with about as many neighbors each, so that all sums are matrix products.

The atoms of a batch are ordered by their number of bonds and cut into blocks. In a block every atom has as many places
for bonds as its richest atom; places that are left over are filled with a bond as long as the cutoff, which weighs
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import torch
from torch import Tensor

from screening.crystals.packed import PackedCrystals
from screening.graphs.neighbours import neighbour_pairs
from screening.potentials.state import CrystalState

CUTOFF_A = 5.0
_BLOCK_ATOMS = {"cpu": 32, "cuda": 4096}


@dataclass(frozen=True)
class BondBlock:
    """Consecutive atoms with K places for bonds each.

    Attributes:
        atoms: The rows of its n atoms.
        neighbor: (n, K) rows of the atoms at the other ends.
        bond: (n, K) rows of `PaddedBonds.vector`; the row after its last for places that are left over.
    """

    atoms: slice
    neighbor: Tensor
    bond: Tensor


@dataclass(frozen=True)
class PaddedBonds:
    """The E bonds of N atoms, each once from either end.

    Attributes:
        order: (N,) which atom of the batch each row is.
        numbers: (N,) atomic numbers.
        owner: (N,) crystals.
        start, end: (E,) rows of atoms.
        vector: (E, 3) from start to end in Å.
        blocks: Of all rows, in order.
    """

    order: Tensor
    numbers: Tensor
    owner: Tensor
    start: Tensor
    end: Tensor
    vector: Tensor
    blocks: list[BondBlock]


def padded_bonds(state: CrystalState, dtype: torch.dtype) -> PaddedBonds:
    """The bonds of a batch, on the device where it is, with vectors in dtype."""
    device = state.lattice.device
    crystals = state if state.lattice.is_cuda else state.packed()
    pairs = neighbour_pairs(cast(PackedCrystals, crystals), np.full(len(state), CUTOFF_A), device=device)
    n, vector = len(state.numbers), pairs.vectors().to(dtype)
    degree = torch.bincount(pairs.centre, minlength=n)
    order = torch.argsort(degree, stable=True)
    row = torch.empty_like(order)
    row[order] = torch.arange(n, device=device)
    start, by_row = torch.sort(row[pairs.centre], stable=True)
    end, vector, degree = row[pairs.neighbour[by_row]], vector[by_row], degree[order]
    first = torch.cumsum(degree, 0) - degree
    cuts = [*range(0, n, _BLOCK_ATOMS[device.type]), n]
    blocks = [_block(slice(*cut), first, degree, end) for cut in pairwise(cuts)]
    return PaddedBonds(order, state.numbers[order], state.owner[order], start, end, vector, blocks)


def _block(atoms: slice, first: Tensor, degree: Tensor, end: Tensor) -> BondBlock:
    places = torch.arange(max(int(degree[atoms].max()), 1), device=end.device)
    taken = places < degree[atoms, None]
    bond = torch.where(taken, first[atoms, None] + places, len(end))
    padded = torch.cat([end, end.new_zeros(1)])
    return BondBlock(atoms, padded[bond], bond)
