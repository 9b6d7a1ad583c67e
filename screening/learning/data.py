"""Training data: all graphs of a store in memory as packed tensors, in batches balanced by edges.

The batch of a step is a pure function of (seed, step), so that a resumed run sees the same batches as an uninterrupted
one.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import LightningDataModule
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from screening.caching import kept
from screening.checksums import code_sha256
from screening.crystals.packed import PackedCrystals
from screening.data.collapsed import MAGNETIZATION, collapsed_labels
from screening.data.split_files import splits_in_file
from screening.data.splits import SPLITS, splits_of
from screening.data.store import Store, open_store
from screening.errors import RequestError
from screening.graphs.batch import GraphSet, build_graph_set
from screening.graphs.nearest import GraphSettings
from screening.learning.labelled_graphs import LabelledBatch, LabelledGraphs, move_if_it_fits

logger = logging.getLogger(__name__)
_GRAPH_CODE = "graphs", "crystals/packed.py"
"""What decides how crystals become graphs."""


@dataclass(frozen=True)
class DataSettings:
    """Which crystals and labels of a store to learn.

    Attributes:
        path: The store.
        targets: The labels to learn.
        site_moments: Whether to learn site moments too.
        max_moment_crystals: Limit on the crystals of each split that have site moments and no other label.
        max_crystals: Limit on these and on the other crystals of each split, for quick trials.
        batch_atoms: Mean atoms of a batch, over all devices.
        columns: The model's targets, if it has more than `targets`; the others have no labels.
        learn_validation: Whether to learn the validation split too, for the final model.
        split_file: File that assigns crystals to splits (`screening.data.split_files`); None to split by a hash of the
            chemical system.
        split_column: Its column with the name of the split.
        mask_collapsed: Whether to leave out magnetizations and site moments of calculations that lost the moments of
            iron and cobalt (`screening.data.collapsed`).
    """

    path: Path
    targets: tuple[str, ...]
    site_moments: bool = True
    max_moment_crystals: int | None = None
    max_crystals: int | None = None
    batch_atoms: int = 3000
    columns: tuple[str, ...] = ()
    learn_validation: bool = False
    split_file: Path | None = None
    split_column: str = "split"
    mask_collapsed: bool = True

    def labels(self, store: Store) -> NDArray[np.float32]:
        """(B, T) labels by column, NaN if missing; raises RequestError if the store lacks a target."""
        columns = self.columns or self.targets
        labels = np.full((len(store), len(columns)), np.nan, dtype=np.float32)
        labels[:, [columns.index(target) for target in self.targets]] = store.labels(self.targets)
        return labels


class TrainingStream(IterableDataset[LabelledBatch]):
    """An endless stream of training batches, starting at any step.

    Several ranks share every batch, so that a step sees the same crystals as with one rank.
    """

    def __init__(self, data: LabelledGraphs, batch_atoms: int, seed: int) -> None:
        self.data, self.seed = data, seed
        self.batches_per_epoch = max(1, round(int(data.n_atoms.sum()) / batch_atoms))
        self.first_step = 0
        self.rank, self.ranks = 0, 1
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

    def batch(self, step: int) -> LabelledBatch:
        """This rank's share of the batch of a step; one crystal without labels if the batch is too small to share."""
        rows = self.rows(step)
        share = rows if self.ranks == 1 else self.data.cut(rows, self.ranks)[self.rank]
        if len(share):
            return self.data.take(share)
        graphs, labels, moments = self.data.take(rows[:1])
        return LabelledBatch(graphs, torch.full_like(labels, torch.nan), torch.full_like(moments, torch.nan))

    def __iter__(self) -> Iterator[LabelledBatch]:
        step = self.first_step
        while True:
            yield self.batch(step)
            step += 1


class ValidationBatches(IterableDataset[LabelledBatch]):
    """Every crystal once, in order; several ranks share the batches. Ends early when `stopping` returns true."""

    def __init__(self, data: LabelledGraphs, batch_atoms: int, stopping: Callable[[], bool] = lambda: False) -> None:
        self.data, self.stopping = data, stopping
        self.rank, self.ranks = 0, 1
        self.n_batches = max(1, round(int(data.n_atoms.sum()) / batch_atoms))

    def __iter__(self) -> Iterator[LabelledBatch]:
        for rows in self.data.plan(torch.arange(len(self.data)), self.n_batches)[self.rank :: self.ranks]:
            if self.stopping():
                return
            yield self.data.take(rows)


class CrystalData(LightningDataModule):
    """The splits of a store as labelled graphs. Graphs are built once and cached in the store's folder."""

    def __init__(self, settings: DataSettings, graph: GraphSettings, seed: int = 0) -> None:
        super().__init__()
        self.settings, self.graph, self.seed = settings, graph, seed
        self.store = open_store(settings.path)
        self.split_rows = split_rows(self.store, settings)
        if not len(self.split_rows["train"]):
            raise RequestError(_no_training(self.split_rows, settings))
        self._loaded: dict[str, LabelledGraphs] = {}
        self.stream: TrainingStream | None = None
        self.stopping: Callable[[], bool] = lambda: False

    def labelled(self, split: str) -> LabelledGraphs:
        """The labelled graphs of a split, in the order of `split_rows[split]`."""
        if split not in self._loaded:
            self._loaded[split] = labelled_graphs(self.store, self.split_rows[split], self.settings, self.graph)
        return self._loaded[split]

    def training_stream(self) -> TrainingStream:
        """The training batches, created once, so that the position can be set before training starts."""
        if self.stream is None:
            self.stream = TrainingStream(self.labelled("train"), self.settings.batch_atoms, self.seed)
        return self.stream

    def train_dataloader(self) -> DataLoader[LabelledBatch]:
        stream = self.training_stream()
        if self.trainer is not None:
            stream.first_step = self.trainer.global_step
        self._place(stream)
        return DataLoader(stream, batch_size=None)

    def val_dataloader(self) -> DataLoader[LabelledBatch] | list[Any]:
        if not len(self.split_rows["validation"]):
            return []  # a small store: Lightning then skips validation
        batches = ValidationBatches(self.labelled("validation"), self.settings.batch_atoms, self.stopping)
        self._place(batches)
        return DataLoader(batches, batch_size=None)

    def _place(self, batches: TrainingStream | ValidationBatches) -> None:
        """Assign this process its share of the batches, on its device."""
        if self.trainer is not None:
            batches.rank, batches.ranks = self.trainer.global_rank, self.trainer.world_size
            batches.data = move_if_it_fits(batches.data, self.trainer.strategy.root_device)

    def transfer_batch_to_device(self, batch: LabelledBatch, device: torch.device, _: int) -> LabelledBatch:
        return LabelledBatch(batch.graphs.to(device), batch.labels.to(device), batch.site_moment_muB.to(device))


def _no_training(rows: Mapping[str, NDArray[np.int64]], settings: DataSettings) -> str:
    counts = ", ".join(f"{split} {len(found)}" for split, found in rows.items())
    return (
        f"{settings.path} has no labelled crystal in the training split ({counts}); the name of a chemical system "
        "decides the split of all its crystals; add crystals of other systems"
    )


def split_rows(store: Store, settings: DataSettings) -> dict[str, NDArray[np.int64]]:
    """Rows of each split that have a label to learn."""
    if settings.split_file:
        names = splits_in_file(settings.split_file, settings.split_column, store.index["crystal_id"].to_list())
    else:
        names = splits_of(store.index["chemical_system"].to_list())
    split = np.array(names)
    labelled = np.isfinite(store.labels(settings.targets)).any(axis=1)
    moments_only = np.zeros_like(labelled)
    if settings.site_moments:
        with_moment = np.logical_or.reduceat(np.isfinite(store.site_moment_muB), store.crystals.offsets[:-1])
        moments_only = with_moment & ~labelled
    # the file is sorted, so pick at random
    order = np.random.default_rng(0).permutation(len(split))
    chosen: dict[str, NDArray[np.int64]] = {}
    for name in SPLITS:
        rows = order[(labelled & (split == name))[order]][: settings.max_crystals]
        extra = order[(moments_only & (split == name))[order]]
        cap = settings.max_moment_crystals if settings.max_crystals is None else settings.max_crystals
        chosen[name] = np.sort(np.concatenate([rows, extra[:cap]]))
    if settings.learn_validation:
        chosen["train"] = np.sort(np.concatenate([chosen["train"], chosen["validation"]]))
        chosen["validation"] = chosen["validation"][:0]
    return chosen


def labelled_graphs(
    store: Store, rows: NDArray[np.int64], settings: DataSettings, graph: GraphSettings
) -> LabelledGraphs:
    """Graphs (cached, if possible) and labels of these rows of a store."""
    crystals = store.crystals.take(rows)
    hashes = store.content_hash, code_sha256(*_GRAPH_CODE), hashlib.sha256(rows.tobytes()).hexdigest()
    key = hashlib.sha256(json.dumps([*hashes, asdict(graph)]).encode()).hexdigest()[:16]
    graphs = kept(
        store.path / "graphs",
        key,
        lambda file: GraphSet(**load_file(file)),
        lambda: _built(crystals, graph),
        lambda made, file: save_file(dict(made.__dict__), file),
    )
    totals_lost, moments_lost = collapsed_labels(store) if settings.mask_collapsed else (None, None)
    labels = torch.from_numpy(settings.labels(store)[rows])
    if totals_lost is not None and MAGNETIZATION in (columns := settings.columns or settings.targets):
        labels[torch.from_numpy(totals_lost[rows]), columns.index(MAGNETIZATION)] = torch.nan
    sizes = crystals.n_atoms
    atoms = np.arange(sizes.sum()) + np.repeat(store.crystals.offsets[:-1][rows] - crystals.offsets[:-1], sizes)
    moments = torch.from_numpy(np.array(store.site_moment_muB[atoms]))
    if not settings.site_moments:
        moments.fill_(torch.nan)
    elif moments_lost is not None:
        moments[torch.from_numpy(np.repeat(moments_lost[rows], sizes))] = torch.nan
    return LabelledGraphs(graphs, labels, moments)


def _built(crystals: PackedCrystals, graph: GraphSettings) -> GraphSet:
    logger.info("building %d graphs", len(crystals))
    return build_graph_set(crystals, graph)
