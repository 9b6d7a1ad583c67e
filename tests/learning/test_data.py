"""Batches are the same on every device and for any number of processes."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.labelled import small_store

from screening.crystals import Crystal
from screening.data.collapsed import MAGNETIZATION
from screening.data.store import LabelledCrystal, write_store
from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.graphs.nearest import GraphSettings
from screening.learning.data import CrystalData, DataSettings, TrainingStream, ValidationBatches, labelled_graphs
from screening.learning.labelled_graphs import LabelledBatch, LabelledGraphs, move_if_it_fits


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> LabelledGraphs:
    store = small_store(tmp_path_factory.mktemp("data") / "store")
    return CrystalData(DataSettings(store.path, tuple(TARGETS)), GraphSettings()).labelled("train")


def same(one: LabelledBatch, other: LabelledBatch) -> bool:
    graphs = (torch.equal(getattr(one.graphs, f.name), getattr(other.graphs, f.name).cpu()) for f in fields(one.graphs))
    labels = torch.equal(one.labels.nan_to_num(9), other.labels.cpu().nan_to_num(9))
    return all(graphs) and labels and torch.equal(one.site_moment_muB, other.site_moment_muB.cpu())


def test_taking_a_batch_never_asks_the_device(data: LabelledGraphs) -> None:
    """A meta tensor has no content, so reading anything back from the device would raise."""
    rows = torch.tensor([5, 0, 3, 3])
    there, here = data.to("meta").take(rows), data.take(rows)
    assert there.labels.device.type == "meta" and there.labels.shape == here.labels.shape
    assert there.site_moment_muB.shape == here.site_moment_muB.shape
    for f in fields(here.graphs):
        ours, theirs = getattr(there.graphs, f.name), getattr(here.graphs, f.name)
        assert (ours.shape, ours.dtype, ours.device.type) == (theirs.shape, theirs.dtype, "meta"), f.name


def test_data_goes_to_the_device_if_there_is_room(data: LabelledGraphs, caplog: pytest.LogCaptureFixture) -> None:
    meta = torch.device("meta")
    assert move_if_it_fits(data, meta, free_bytes=2 * data.nbytes).labels.device == meta
    assert not caplog.text
    assert move_if_it_fits(data, meta, free_bytes=2 * data.nbytes - 1) is data
    assert "copying each batch instead" in caplog.text
    assert move_if_it_fits(data, torch.device("cpu")) is data


@pytest.mark.cuda
def test_batches_from_the_gpu_are_those_from_the_host(data: LabelledGraphs) -> None:
    stream = TrainingStream(data, 60, seed=1)
    there = TrainingStream(move_if_it_fits(data, torch.device("cuda")), 60, seed=1)
    for step in range(2 * stream.batches_per_epoch):
        assert there.batch(step).labels.is_cuda
        assert same(stream.batch(step), there.batch(step))


@pytest.mark.parametrize("ranks", [2, 3, 60])
def test_ranks_share_every_batch(data: LabelledGraphs, ranks: int) -> None:
    whole = TrainingStream(data, 60, seed=2)
    shares = [TrainingStream(data, 60, seed=2) for _ in range(ranks)]
    for rank, stream in enumerate(shares):
        stream.rank, stream.ranks = rank, ranks
    for step in range(whole.batches_per_epoch + 1):
        parts = [stream.batch(step) for stream in shares]
        known = torch.cat([part.labels[part.labels.isfinite().any(1)] for part in parts])
        assert torch.equal(known, whole.batch(step).labels)
        # a process without a share has a crystal without labels
        assert all(len(part.labels) == 1 for part in parts if part.labels.isnan().all())
        if ranks == 2:
            edges = [int(part.graphs.n_edges.sum()) for part in parts]
            assert max(edges) < 2 * min(edges)


def test_ranks_share_the_validation_crystals(data: LabelledGraphs) -> None:
    found = []
    for rank in range(3):
        batches = ValidationBatches(data, 60)
        batches.rank, batches.ranks = rank, 3
        found += [batch.labels for batch in batches]
    order = torch.cat(found)[:, 0].sort().values
    assert torch.equal(order, data.labels[:, 0].sort().values)


def test_a_model_may_have_more_targets_than_there_are_labels_to_learn(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store", 40)
    settings = DataSettings(store.path, ("band_gap_eV",), columns=tuple(TARGETS))
    labels = CrystalData(settings, GraphSettings()).labelled("train").labels
    known = labels.isfinite().all(dim=0).tolist()
    assert dict(zip(TARGETS, known, strict=True)) == {target: target == "band_gap_eV" for target in TARGETS}


def test_data_without_a_training_system_are_explained(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store", 40)
    settings = DataSettings(store.path, ("band_gap_eV",), max_crystals=0, site_moments=False)
    with pytest.raises(RequestError, match=r"no labelled crystal in the training split .*chemical system"):
        CrystalData(settings, GraphSettings())


def test_site_moments_can_be_left_out(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store", 40)
    with_moments, without = (
        CrystalData(DataSettings(store.path, tuple(TARGETS), site_moments=wanted), GraphSettings()).labelled("train")
        for wanted in (True, False)
    )
    assert with_moments.site_moment_muB.isfinite().any() and not without.site_moment_muB.isfinite().any()


def test_the_validation_split_is_learned_only_when_asked(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store", 150)
    apart, joined = (
        CrystalData(DataSettings(store.path, tuple(TARGETS), learn_validation=asked), GraphSettings()).split_rows
        for asked in (False, True)
    )
    assert len(apart["validation"]) and not len(joined["validation"])
    assert sorted([*apart["train"], *apart["validation"]]) == joined["train"].tolist()
    for split in ("calibration", "test"):
        assert apart[split].tolist() == joined[split].tolist()


def test_moments_of_collapsed_calculations_are_not_learned(tmp_path: Path) -> None:
    cell = Crystal.from_arrays("a", 2.7 * np.eye(3), [26, 46], [[0, 0, 0], [0.5, 0.5, 0.5]])
    kept = replace(cell, candidate_id="b", lattice=2.8 * np.eye(3))
    rows = [
        LabelledCrystal(
            one, {MAGNETIZATION: moment / one.volume_A3, "band_gap_eV": 0.0}, np.full(2, moment / 2, np.float32)
        )
        for one, moment in ((cell, 0.0), (kept, 3.0))
    ]
    store = write_store(tmp_path / "store", iter(rows), ["made up"])
    settings, graph = DataSettings(store.path, (MAGNETIZATION, "band_gap_eV")), GraphSettings()
    masked = labelled_graphs(store, np.arange(2), settings, graph)
    assert masked.labels.isnan().tolist() == [[True, False], [False, False]]
    assert masked.site_moment_muB.isnan().tolist() == [True, True, False, False]
    whole = labelled_graphs(store, np.arange(2), replace(settings, mask_collapsed=False), graph)
    assert not whole.labels.isnan().any() and not whole.site_moment_muB.isnan().any()
