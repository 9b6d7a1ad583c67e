"""Parallel batches give the same results as sequential ones, in order, and leave the process unchanged."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from helpers.crystals import random_crystal, rotated
from helpers.models import tiny_release

from screening.crystals import Crystal, Rejection
from screening.data.targets import TARGETS
from screening.graphs.batch import build_batch, padded
from screening.graphs.nearest import GraphSettings
from screening.networks.linear import has_bf16
from screening.networks.predictor import Predictor
from screening.networks.streaming import stream

CRYSTALS = [random_crystal(np.random.default_rng(i), 1 + i % 9) for i in range(60)]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_release(tmp_path_factory.mktemp("model")))


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def collected(predictor: Predictor, items: list[Crystal | Rejection], batch_atoms: int) -> pl.DataFrame:
    return pl.concat([table for _, table, _ in stream(predictor, items, batch_atoms)])


@pytest.mark.usefixtures("two_threads")
def test_order_and_values_do_not_depend_on_threads_and_batches(release: str) -> None:
    interval = sys.getswitchinterval()
    predictor = Predictor.load(release, "cpu", "32")
    side_by_side = collected(predictor, list(CRYSTALS), 20)
    assert side_by_side["candidate_id"].to_list() == [c.candidate_id for c in CRYSTALS]
    assert (torch.get_num_threads(), sys.getswitchinterval()) == (2, pytest.approx(interval))
    torch.set_num_threads(1)
    alone = collected(predictor, list(CRYSTALS), 10**6)
    for target in TARGETS:
        np.testing.assert_allclose(side_by_side[target], alone[target], atol=1e-5, rtol=1e-4)
    assert {"graphs", "network", "table", "reading"} == set(predictor.times.seconds)


@pytest.mark.usefixtures("two_threads")
def test_rejections_keep_their_place_in_the_stream(release: str) -> None:
    refused = [Rejection(f"r{i}", "", "read", "made up") for i in range(3)]
    items: list[Crystal | Rejection] = [refused[0], *CRYSTALS[:20], refused[1], *CRYSTALS[20:40], refused[2]]
    rejections = [r for _, _, rejected in stream(Predictor.load(release, "cpu"), items, 15) for r in rejected]
    assert rejections == refused
    only = list(stream(Predictor.load(release, "cpu"), refused, 15))
    assert [(len(c), t.height, r) for c, t, r in only] == [(0, 0, refused)]


@pytest.mark.usefixtures("two_threads")
def test_an_error_in_a_thread_ends_the_stream(release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = Predictor.load(release, "cpu")

    def fail(_: object) -> pl.DataFrame:
        raise MemoryError("no room")

    monkeypatch.setattr(predictor, "predict", fail)
    with pytest.raises(MemoryError, match="no room"):
        list(stream(predictor, CRYSTALS, 15))
    assert torch.get_num_threads() == 2


def test_padding_changes_nothing_but_adds_a_last_row(release: str) -> None:
    predictor = Predictor.load(release, "cpu", "32")
    batch = build_batch(CRYSTALS, GraphSettings())
    wider = padded(batch, atoms=64, edges=128)
    assert len(wider.numbers) % 64 == 0 and len(wider.centre) % 128 == 0 and len(wider) == len(batch) + 1
    assert int(wider.n_edges.sum()) == len(wider.centre) and int(wider.n_atoms.sum()) == len(wider.numbers)
    with torch.inference_mode():
        plain, rounded = (predictor.model(graphs).value for graphs in (batch, wider))
    torch.testing.assert_close(rounded[:-1], plain, atol=1e-5, rtol=1e-4)


@pytest.mark.skipif(not has_bf16(), reason="this CPU has no bf16 instructions")
def test_bf16_stays_close_to_float32_and_invariant(release: str) -> None:
    exact, fast = (Predictor.load(release, "cpu", precision) for precision in ("32", "auto"))
    turned = [rotated(crystal, np.random.default_rng(i)) for i, crystal in enumerate(CRYSTALS)]
    for target in TARGETS:
        scale = 1 + exact.predict(CRYSTALS)[target].abs().max()  # type: ignore[operator]
        first, second, third = (p.predict(c)[target] for p, c in ((exact, CRYSTALS), (fast, CRYSTALS), (fast, turned)))
        assert (first - second).abs().max() < 0.02 * scale  # type: ignore[operator]
        assert (second - third).abs().max() < 0.01 * scale  # type: ignore[operator]


def test_precision_is_float32_without_the_hardware(release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screening.networks.predictor.has_bf16", lambda: False)
    assert Predictor.load(release, "cpu").model.members[0].network.inference_dtype == torch.float32
    assert Predictor.load(release, "cpu", "bf16").model.members[0].network.inference_dtype == torch.bfloat16


def test_the_released_model_folder_is_only_read(release: str) -> None:
    before = sorted(path.name for path in Path(release).iterdir())
    Predictor.load(release, "cpu").predict(CRYSTALS[:2])
    assert sorted(path.name for path in Path(release).iterdir()) == before
