"""What training reads: every graph of the store in memory as packed tensors, batches balanced by edges.

The batch of a step is a pure function of (seed, step), so that a resumed run goes on with exactly the batches the
stopped one would have seen.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning import LightningDataModule
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from screening.data.splits import SPLITS, splits_of
from screening.data.store import Store, open_store
from screening.errors import RequestError
from screening.graphs.batch import GraphBatch, GraphSet, build_graph_set
from screening.graphs.nearest import GraphSettings

logger = logging.getLogger(__name__)


class LabelledBatch(NamedTuple):
    """graphs; labels: (B, T) in physical units; site_moment_muB: (N,); NaN where there is no label."""

    graphs: GraphBatch
    labels: Tensor
    site_moment_muB: Tensor


@dataclass(frozen=True)
class DataSettings:
    """batch_atoms: mean atoms a batch.

    max_moment_crystals: how many crystals that have site moments and no other label join each split's others.
    max_crystals: a cap on these and on the others of each split, for trying things out.
    """

    path: Path
    targets: tuple[str, ...]
    site_moments: bool = True
    max_moment_crystals: int | None = None
    max_crystals: int | None = None
    batch_atoms: int = 3000


class LabelledGraphs:
    """Graphs and labels of some crystals of a store."""

    def __init__(self, graphs: GraphSet, labels: Tensor, site_moment_muB: Tensor) -> None:
        self.graphs, self.labels, self.site_moment_muB = graphs, labels, site_moment_muB

    def __len__(self) -> int:
        return len(self.graphs)

    def take(self, rows: Tensor) -> LabelledBatch:
        """A batch of these crystals."""
        atoms, _ = self.graphs.atom_rows(rows)
        return LabelledBatch(self.graphs.take(rows), self.labels[rows], self.site_moment_muB[atoms])

    def plan(self, rows: Tensor, n_batches: int) -> list[Tensor]:
        """Cut an order of crystals into n_batches with about equally many edges."""
        if not len(rows):
            return []
        edges = self.graphs.n_edges[rows].cumsum(0)
        group = ((edges - 1).clamp(min=0) * n_batches // edges[-1].clamp(min=1)).clamp(max=n_batches - 1)
        sizes = torch.bincount(group, minlength=n_batches)
        return [part for part in torch.split(rows, sizes.tolist()) if len(part)]


class TrainingStream(IterableDataset[LabelledBatch]):
    """The endless stream of training batches, from any step on."""

    def __init__(self, data: LabelledGraphs, batch_atoms: int, seed: int) -> None:
        self.data, self.seed = data, seed
        atoms = int(data.graphs.atom_offsets[-1])
        self.batches_per_epoch = max(1, round(atoms / batch_atoms))
        self.first_step = 0
        self._plan: tuple[int, list[Tensor]] | None = None

    def rows(self, step: int) -> Tensor:
        """Crystals of the batch of a step."""
        epoch, position = divmod(step, self.batches_per_epoch)
        if self._plan is None or self._plan[0] != epoch:
            generator = torch.Generator().manual_seed((self.seed << 20) + epoch)
            order = torch.randperm(len(self.data), generator=generator)
            self._plan = (epoch, self.data.plan(order, self.batches_per_epoch))
        batches = self._plan[1]
        return batches[position % len(batches)]

    def __iter__(self) -> Iterator[LabelledBatch]:
        step = self.first_step
        while True:
            yield self.data.take(self.rows(step))
            step += 1


class ValidationBatches(IterableDataset[LabelledBatch]):
    """Every crystal once, in order."""

    def __init__(self, data: LabelledGraphs, batch_atoms: int) -> None:
        self.data = data
        self.n_batches = max(1, round(int(data.graphs.atom_offsets[-1]) / batch_atoms))

    def __iter__(self) -> Iterator[LabelledBatch]:
        for rows in self.data.plan(torch.arange(len(self.data)), self.n_batches):
            yield self.data.take(rows)


class CrystalData(LightningDataModule):
    """The splits of a store as labelled graphs; graphs are built once and cached beside the store."""

    def __init__(self, settings: DataSettings, graph: GraphSettings, seed: int = 0) -> None:
        super().__init__()
        self.settings, self.graph, self.seed = settings, graph, seed
        self.store = open_store(settings.path)
        self.split_rows = split_rows(self.store, settings)
        if not len(self.split_rows["train"]):
            raise RequestError(f"data.path: {settings.path} has no labelled crystal in the training split")
        self._loaded: dict[str, LabelledGraphs] = {}
        self.stream: TrainingStream | None = None

    def labelled(self, split: str) -> LabelledGraphs:
        """The labelled graphs of a split, in the order of `split_rows[split]`."""
        if split not in self._loaded:
            self._loaded[split] = labelled_graphs(self.store, self.split_rows[split], self.settings, self.graph)
        return self._loaded[split]

    def training_stream(self) -> TrainingStream:
        """The training batches; made once, so that its position can be set before training starts."""
        if self.stream is None:
            self.stream = TrainingStream(self.labelled("train"), self.settings.batch_atoms, self.seed)
        return self.stream

    def train_dataloader(self) -> DataLoader[LabelledBatch]:
        stream = self.training_stream()
        stream.first_step = self.trainer.global_step if self.trainer is not None else 0
        return DataLoader(stream, batch_size=None)

    def val_dataloader(self) -> DataLoader[LabelledBatch] | list[Any]:
        if not len(self.split_rows["validation"]):
            return []  # a small store: Lightning then skips validation
        return DataLoader(ValidationBatches(self.labelled("validation"), self.settings.batch_atoms), batch_size=None)

    def transfer_batch_to_device(self, batch: LabelledBatch, device: torch.device, _: int) -> LabelledBatch:
        return LabelledBatch(batch.graphs.to(device), batch.labels.to(device), batch.site_moment_muB.to(device))


def split_rows(store: Store, settings: DataSettings) -> dict[str, NDArray[np.int64]]:
    """Rows of each split that have a label to learn."""
    split = np.array(splits_of(store.index["chemical_system"].to_list()))
    labelled = np.isfinite(store.labels(settings.targets)).any(axis=1)
    moments_only = np.zeros_like(labelled)
    if settings.site_moments:
        with_moment = np.logical_or.reduceat(np.isfinite(store.site_moment_muB), store.crystals.offsets[:-1])
        moments_only = with_moment & ~labelled
    # an even pick over the file, which is sorted
    order = np.random.default_rng(0).permutation(len(split))
    chosen: dict[str, NDArray[np.int64]] = {}
    for name in SPLITS:
        rows = order[(labelled & (split == name))[order]][: settings.max_crystals]
        extra = order[(moments_only & (split == name))[order]]
        cap = settings.max_moment_crystals if settings.max_crystals is None else settings.max_crystals
        chosen[name] = np.sort(np.concatenate([rows, extra[:cap]]))
    return chosen


def labelled_graphs(
    store: Store, rows: NDArray[np.int64], settings: DataSettings, graph: GraphSettings
) -> LabelledGraphs:
    """Graphs (from the cache if they are there) and labels of these rows of a store."""
    crystals = store.crystals.take(rows)
    key = json.dumps([store.content_hash, asdict(graph), hashlib.sha256(rows.tobytes()).hexdigest()])
    file = store.path / "graphs" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.safetensors"
    if file.is_file():
        graphs = GraphSet(**load_file(file))
    else:
        logger.info("building %d graphs", len(rows))
        graphs = build_graph_set(crystals, graph)
        file.parent.mkdir(exist_ok=True)
        part = file.with_suffix(".part")
        save_file(dict(graphs.__dict__), part)
        part.replace(file)
    labels = torch.from_numpy(store.labels(settings.targets)[rows])
    sizes = crystals.n_atoms
    atoms = np.arange(sizes.sum()) + np.repeat(store.crystals.offsets[:-1][rows] - crystals.offsets[:-1], sizes)
    moments = torch.from_numpy(np.array(store.site_moment_muB[atoms]))
    return LabelledGraphs(graphs, labels, moments)
