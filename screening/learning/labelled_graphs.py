"""Labelled crystals in memory: their graphs and labels as packed tensors, and how batches are cut from them."""

from __future__ import annotations

import logging
from copy import copy
from typing import NamedTuple

import torch
from torch import Tensor

from screening.graphs.batch import GraphBatch, GraphSet

logger = logging.getLogger(__name__)


class LabelledBatch(NamedTuple):
    """A batch of B crystals with N atoms; missing labels are NaN.

    Attributes:
        graphs: The graphs.
        labels: (B, T) labels in physical units.
        site_moment_muB: (N,) magnetic moments of the atoms.
    """

    graphs: GraphBatch
    labels: Tensor
    site_moment_muB: Tensor


class LabelledGraphs:
    """Graphs and labels of B crystals of a store, in host memory or on a device.

    Attributes:
        graphs: The graphs.
        labels: (B, T) labels in physical units.
        site_moment_muB: Magnetic moments of all atoms.
        n_atoms: (B,) atoms of each crystal, always in host memory, where batches are planned.
        n_edges: (B,) edges of each crystal, always in host memory.
    """

    def __init__(self, graphs: GraphSet, labels: Tensor, site_moment_muB: Tensor) -> None:
        self.graphs, self.labels, self.site_moment_muB = graphs, labels, site_moment_muB
        self.n_atoms, self.n_edges = graphs.atom_offsets.diff().cpu(), graphs.n_edges.cpu()

    def __len__(self) -> int:
        return len(self.graphs)

    @property
    def nbytes(self) -> int:
        """Memory of graphs and labels."""
        return self.graphs.nbytes + self.labels.nbytes + self.site_moment_muB.nbytes

    def to(self, device: str | torch.device) -> LabelledGraphs:
        """Copy the crystals to a device, so that batches are gathered there without further copies."""
        moved = copy(self)
        moved.graphs, moved.labels = self.graphs.to(device), self.labels.to(device)
        moved.site_moment_muB = self.site_moment_muB.to(device)
        return moved

    def take(self, rows: Tensor) -> LabelledBatch:
        """A batch of these crystals, on the device of the data.

        Args:
            rows: int64 row numbers in host memory.
        """
        n_atoms, n_edges = int(self.n_atoms[rows].sum()), int(self.n_edges[rows].sum())
        rows = rows.to(self.labels.device, non_blocking=True)
        atoms, _ = self.graphs.atom_rows(rows, n_atoms)
        return LabelledBatch(self.graphs.take(rows, n_atoms, n_edges), self.labels[rows], self.site_moment_muB[atoms])

    def plan(self, rows: Tensor, n_batches: int) -> list[Tensor]:
        """Cut a sequence of crystals into at most n_batches, none empty, with about the same number of edges."""
        return [part for part in self.cut(rows, n_batches) if len(part)]

    def cut(self, rows: Tensor, n_parts: int) -> tuple[Tensor, ...]:
        """Cut a sequence of crystals into n_parts, possibly empty, with about the same number of edges."""
        edges = self.n_edges[rows].cumsum(0)
        whole = int(edges[-1]) if len(rows) else 1
        group = ((edges - 1).clamp(min=0) * n_parts // max(whole, 1)).clamp(max=n_parts - 1)
        return torch.split(rows, torch.bincount(group, minlength=n_parts).tolist())


def move_if_it_fits(data: LabelledGraphs, device: torch.device, free_bytes: int | None = None) -> LabelledGraphs:
    """Move data to a device, unless it would fill more than half of the free memory there.

    Args:
        data: The data.
        device: The device.
        free_bytes: Free memory of the device; None to ask the device.
    """
    if device.type != "cuda" and free_bytes is None:
        return data
    free = torch.cuda.mem_get_info(device)[0] if free_bytes is None else free_bytes
    if 2 * data.nbytes > free:
        logger.warning(
            "%.1f GB of graphs do not fit on %s with the network (%.1f GB free); copying each batch instead",
            data.nbytes / 1e9, device, free / 1e9,
        )  # fmt: skip
        return data
    return data.to(device)
