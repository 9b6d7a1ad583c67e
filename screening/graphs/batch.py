"""A batch of crystal graphs as flat tensors, and a whole data set of graphs to slice batches from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.graphs.nearest import GraphSettings, nearest_edges


@dataclass(frozen=True)
class GraphBatch:
    """Graphs of B crystals with N atoms and E directed edges, sorted by centre.

    Attributes:
        numbers: (N,) int64 atomic numbers.
        n_atoms: (B,) int64.
        n_edges: (B,) int64.
        centre: (E,) int64 rows of atoms.
        neighbour: (E,) int64 rows of atoms.
        vector: (E, 3) from centre to neighbour in Å.
        weight: (E,) in (0, 1], which falls to 0 as an atom leaves the neighbours.
        volume_A3: (B,) cell volumes.
    """

    numbers: Tensor
    n_atoms: Tensor
    n_edges: Tensor
    centre: Tensor
    neighbour: Tensor
    vector: Tensor
    weight: Tensor
    volume_A3: Tensor

    def __len__(self) -> int:
        return len(self.n_atoms)

    @property
    def owner(self) -> Tensor:
        """(N,) index of the crystal that each atom belongs to."""
        crystals = torch.arange(len(self), device=self.n_atoms.device)
        return torch.repeat_interleave(crystals, self.n_atoms, output_size=len(self.numbers))

    def to(self, device: str | torch.device) -> GraphBatch:
        """The same batch on a device."""
        return GraphBatch(*(getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)))


@dataclass(frozen=True)
class GraphSet:
    """A data set of graphs as one large batch, from which `take` slices any crystals on any device.

    The tensors are those of `GraphBatch`, except that numbers are int16, that `centre` and `neighbour` are int32 rows
    within their crystal, and that there are offsets: (B + 1,) the first atom or edge of each crystal, and the end. A
    data set takes 24 bytes an edge and 2 bytes an atom.
    """

    numbers: Tensor
    atom_offsets: Tensor
    edge_offsets: Tensor
    centre: Tensor
    neighbour: Tensor
    vector: Tensor
    weight: Tensor
    volume_A3: Tensor

    def __len__(self) -> int:
        return len(self.volume_A3)

    @property
    def n_edges(self) -> Tensor:
        """(B,) edges of each crystal, which measure its cost."""
        return self.edge_offsets.diff()

    @property
    def nbytes(self) -> int:
        """Memory of the tensors in bytes."""
        return sum(getattr(self, f.name).nbytes for f in fields(self))

    def to(self, device: str | torch.device) -> GraphSet:
        """The same data set on a device."""
        return GraphSet(*(getattr(self, f.name).to(device) for f in fields(self)))

    def atom_rows(self, rows: Tensor, total: int | None = None) -> tuple[Tensor, Tensor]:
        """Rows of the atoms of some crystals.

        Args:
            rows: (B,) int64 row numbers of the crystals.
            total: Number of their atoms, if known.

        Returns:
            The rows of all atoms in order, and (B,) the number of atoms of each crystal.
        """
        return _ranges(self.atom_offsets, rows, total)

    def take(self, rows: Tensor, n_atoms: int | None = None, n_edges: int | None = None) -> GraphBatch:
        """The graphs of some crystals as a batch.

        Args:
            rows: (B,) int64 row numbers of the crystals.
            n_atoms: Number of their atoms, if known; with both numbers given, a GPU need not be waited for.
            n_edges: Number of their edges, if known.
        """
        atoms, atom_counts = self.atom_rows(rows, n_atoms)
        edges, edge_counts = _ranges(self.edge_offsets, rows, n_edges)
        shift = torch.repeat_interleave(atom_counts.cumsum(0) - atom_counts, edge_counts, output_size=len(edges))
        return GraphBatch(
            self.numbers[atoms].long(),
            atom_counts,
            edge_counts,
            self.centre[edges].long() + shift,
            self.neighbour[edges].long() + shift,
            self.vector[edges],
            self.weight[edges],
            self.volume_A3[rows],
        )


def _ranges(offsets: Tensor, rows: Tensor, total: int | None) -> tuple[Tensor, Tensor]:
    start = offsets[rows]
    counts = offsets[rows + 1] - start
    total = int(counts.sum()) if total is None else total
    shift = torch.repeat_interleave(start - (counts.cumsum(0) - counts), counts, output_size=total)
    return torch.arange(total, device=offsets.device) + shift, counts


def build_batch(
    crystals: Sequence[Crystal] | PackedCrystals, settings: GraphSettings, device: str | torch.device = "cpu"
) -> GraphBatch:
    """Graphs of a batch of crystals on a device."""
    packed = crystals if isinstance(crystals, PackedCrystals) else pack(crystals)
    edges = nearest_edges(packed, settings, device)
    n_atoms = torch.as_tensor(packed.n_atoms, device=device)
    owner = torch.as_tensor(packed.owner, device=device)
    n_edges = torch.bincount(owner[edges.centre], minlength=len(packed))
    return GraphBatch(
        torch.as_tensor(packed.numbers, device=device).long(),
        n_atoms,
        n_edges,
        edges.centre,
        edges.neighbour,
        edges.vector,
        edges.weight,
        torch.as_tensor(packed.volume_A3, dtype=torch.float32, device=device),
    )


def padded(batch: GraphBatch, atoms: int = 64, edges: int = 1024) -> GraphBatch:
    """The batch with one more crystal, which rounds the numbers of atoms and edges up to multiples.

    CPU kernels are compiled and kept for every shape, so memory would grow without limit if every batch had another
    shape. The added edges start and end at an added atom and have no weight. The caller drops the last row of results.
    """
    n_atoms, n_edges = len(batch.numbers), len(batch.centre)
    more_atoms, more_edges = -(n_atoms + 1) % atoms + 1, -n_edges % edges
    last = batch.centre.new_full((more_edges,), n_atoms)
    return GraphBatch(
        torch.cat([batch.numbers, batch.numbers.new_ones(more_atoms)]),
        torch.cat([batch.n_atoms, batch.n_atoms.new_tensor([more_atoms])]),
        torch.cat([batch.n_edges, batch.n_edges.new_tensor([more_edges])]),
        torch.cat([batch.centre, last]),
        torch.cat([batch.neighbour, last]),
        torch.cat([batch.vector, batch.vector.new_ones(more_edges, 3)]),
        torch.cat([batch.weight, batch.weight.new_zeros(more_edges)]),
        torch.cat([batch.volume_A3, batch.volume_A3.new_ones(1)]),
    )


def build_graph_set(packed: PackedCrystals, settings: GraphSettings, chunk: int = 512) -> GraphSet:
    """Graphs of a whole data set on the CPU, built `chunk` crystals at a time."""
    starts = range(0, max(len(packed), 1), chunk)
    parts = [build_batch(packed.chunk(s, min(s + chunk, len(packed))), settings) for s in starts]
    first = [torch.repeat_interleave(p.n_atoms.cumsum(0) - p.n_atoms, p.n_edges) for p in parts]
    zero = torch.zeros(1, dtype=torch.int64)
    return GraphSet(
        torch.cat([p.numbers.to(torch.int16) for p in parts]),
        torch.cat([zero, torch.cat([p.n_atoms for p in parts]).cumsum(0)]),
        torch.cat([zero, torch.cat([p.n_edges for p in parts]).cumsum(0)]),
        torch.cat([(p.centre - s).int() for p, s in zip(parts, first, strict=True)]),
        torch.cat([(p.neighbour - s).int() for p, s in zip(parts, first, strict=True)]),
        torch.cat([p.vector for p in parts]),
        torch.cat([p.weight for p in parts]),
        torch.cat([p.volume_A3 for p in parts]),
    )
