"""CHGNet's two graphs for a whole batch of crystals, from arrays: no object a crystal, no loop over bonds.

The atom graph joins atoms closer than 6 Å, the bond graph joins bonds shorter than 3 Å that share an atom (Deng et al.,
Nat. Mach. Intell. 5, 1031 (2023)). Both are symmetric: every bond is followed in both directions, every angle is read
from both of its bonds. So half of the bonds and half of the angles are made here and the other half is their mirror.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

from screening.crystals.packed import PackedCrystals
from screening.graphs.neighbours import Pairs, neighbour_pairs
from screening.potentials.state import CrystalState

ATOM_GRAPH_CUTOFF_A = 6.0
BOND_GRAPH_CUTOFF_A = 3.0


@dataclass(frozen=True)
class BondAngleGraph:
    """U bonds, the S short ones first, and P pairs of short bonds that share an atom.

    start, end: (U,) atom rows; vector: (U, 3) from start to end in Å; back: (S, 3) from end to start. A directed short
    bond d < S is bond d seen from its start, d >= S is bond d - S seen from its end; centre: (2 S,) the atom it is seen
    from. own, other: (2 P,) directed short bonds with the same centre, the second half of the angles is the first read
    the other way round; own_bond, other_bond: the bonds that they are. owner: (N,) the crystal of each atom.
    """

    start: Tensor
    end: Tensor
    vector: Tensor
    back: Tensor
    centre: Tensor
    own: Tensor
    other: Tensor
    own_bond: Tensor
    other_bond: Tensor
    owner: Tensor

    @property
    def n_short(self) -> int:
        """S, the bonds of the bond graph."""
        return len(self.centre) // 2


def build_graph(state: CrystalState, dtype: torch.dtype = torch.float32) -> BondAngleGraph:
    """The graphs of all crystals of the batch, on the device where they are.

    dtype: of the geometry. The package works in float32 from the fractional coordinates on, and a linear angle
    amplifies the rounding to 0.001 eV/Å; only the same operations in the same order give the same forces.
    """
    pairs = _half(_search(state))
    short = pairs.distance < BOND_GRAPH_CUTOFF_A
    pairs = pairs.take(torch.argsort((~short).to(torch.int8), stable=True))
    n_short = int(short.sum())
    centre = torch.cat([pairs.centre[:n_short], pairs.neighbour[:n_short]])
    first, second = pairs_with_same_centre(centre, len(state.numbers))
    own, other = torch.cat([first, second]), torch.cat([second, first])
    bonds = (own % n_short, other % n_short) if n_short else (own, other)
    vector, back = _vectors(state, pairs, n_short, dtype)
    return BondAngleGraph(pairs.centre, pairs.neighbour, vector, back, centre, own, other, *bonds, state.owner)


def _search(state: CrystalState) -> Pairs:
    cutoffs = np.full(len(state), ATOM_GRAPH_CUTOFF_A)
    # the search on CUDA takes tensors as they are; on a CPU they share their memory with numpy
    crystals = state if state.lattice.is_cuda else state.packed()
    return neighbour_pairs(cast(PackedCrystals, crystals), cutoffs, device=state.lattice.device)


def _half(pairs: Pairs) -> Pairs:
    """Each bond in one direction; of an atom's bond to its own image the one whose first nonzero step is positive."""
    x, y, z = pairs.image.unbind(1)
    positive = (x > 0) | ((x == 0) & ((y > 0) | ((y == 0) & (z > 0))))
    keep = (pairs.neighbour > pairs.centre) | ((pairs.neighbour == pairs.centre) & positive)
    return pairs.take(torch.nonzero(keep)[:, 0])


def _vectors(state: CrystalState, pairs: Pairs, n_short: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """(U, 3) there and (S, 3) back, computed in dtype from the fractional coordinates as they are."""
    inverse = torch.linalg.inv(state.lattice)[state.owner]
    moved = torch.einsum("ni,nij->nj", pairs.positions, inverse) - state.frac  # what the search moved
    image = pairs.image + (moved[pairs.neighbour] - moved[pairs.centre]).round()
    lattice = state.lattice.to(dtype)[state.owner]
    positions = torch.einsum("ni,nij->nj", state.frac.to(dtype), lattice)
    shift = torch.einsum("ei,eij->ej", image.to(dtype), lattice[pairs.centre])
    start, end = positions[pairs.centre], positions[pairs.neighbour]
    return (end + shift) - start, (start[:n_short] - shift[:n_short]) - end[:n_short]


def pairs_with_same_centre(centre: Tensor, n_centres: int) -> tuple[Tensor, Tensor]:
    """All unordered pairs of rows that have the same centre: two (P,) index tensors."""
    order = torch.argsort(centre, stable=True)
    counts = torch.bincount(centre, minlength=n_centres)
    ends = torch.cumsum(counts, 0)[centre[order]]
    rows = torch.arange(len(centre), device=centre.device)
    partners = ends - 1 - rows  # of each row in this order: those behind it in its group
    first = torch.repeat_interleave(rows, partners)
    before = torch.cumsum(partners, 0) - partners
    second = first + 1 + torch.arange(len(first), device=centre.device) - before[first]
    return order[first], order[second]
