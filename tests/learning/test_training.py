"""A training run learns, survives being killed, and writes a release."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers.labelled import small_store
from helpers.training_runs import run

from screening.data.store import open_store
from screening.data.targets import TARGETS
from screening.graphs.nearest import GraphSettings
from screening.learning.data import CrystalData, DataSettings
from screening.networks.predictor import Predictor
from screening.networks.released_model import load_release

pytestmark = pytest.mark.ci


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, float]]:
    """The folder of a store with many gaps and of an uninterrupted run of one rank, and its losses."""
    folder = tmp_path_factory.mktemp("training")
    ended = run(small_store(folder / "store", missing=0.5).path, folder / "whole")
    assert ended.status == 0 and len(ended.losses) == 24, ended.errors
    return folder, ended.losses


def killed_and_resumed_equals(
    folder: Path, whole: str, losses: dict[int, float], tolerance: float, devices: int = 1
) -> None:
    name = f"{whole}-killed-{devices}"
    first = run(folder / "store", folder / name, 16, devices)
    assert first.status == -9 and not (folder / name / "model").exists()
    second = run(folder / "store", folder / name, -1, devices)
    assert second.status == 0, second.errors
    assert min(second.losses) > 1, "it started again instead of resuming"
    assert max(second.losses) == 24
    for step, loss in (first.losses | second.losses).items():
        assert loss == pytest.approx(losses[step], abs=tolerance), step
    ours, theirs = (load_release(folder / run / "model")[0].state_dict() for run in (name, whole))
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, atol=10 * tolerance, rtol=10 * tolerance)


@pytest.mark.ci
def test_killed_and_resumed_equals_uninterrupted(whole: tuple[Path, dict[int, float]]) -> None:
    killed_and_resumed_equals(whole[0], "whole", whole[1], 1e-6)


@pytest.mark.slow
def test_two_ranks_learn_what_one_does_killed_and_resumed(whole: tuple[Path, dict[int, float]]) -> None:
    """Two ranks share the crystals of one; their mean gradients are equal, although labels are unevenly distributed."""
    killed_and_resumed_equals(whole[0], "whole", whole[1], 1e-5, devices=2)


def test_a_run_learns_and_its_model_predicts(whole: tuple[Path, dict[int, float]]) -> None:
    folder, losses = whole
    assert sum(list(losses.values())[-5:]) < sum(list(losses.values())[:5])
    table = Predictor.load(str(folder / "whole" / "model"), "cpu").predict([open_store(folder / "store").crystal(0)])
    assert table["formation_energy_eV_per_atom"].is_finite().all()


def test_a_model_records_its_training(whole: tuple[Path, dict[int, float]]) -> None:
    training = load_release(whole[0] / "whole" / "model")[1].training
    assert training["epochs"] == pytest.approx(24 / training["batches_per_epoch"], rel=0.01)
    assert 0 < training["network_share"] < 1 and training["hours"] > 0
    seconds = sum(training["seconds"].values())
    seen, rounding = training["epochs"] * training["crystals"]["train"], 0.05 * len(training["seconds"])
    assert 0.99 * seen / (seconds + rounding) < training["structures_per_s"]
    assert training["structures_per_s"] < 1.01 * seen / max(seconds - rounding, 1e-9)
    assert training["hardware"].endswith("1 thread")
    assert set(training["calibrated_on"]) == set(TARGETS)


def test_batches_are_a_function_of_the_step_and_cover_every_crystal(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store")
    data = CrystalData(DataSettings(store.path, tuple(TARGETS), batch_atoms=60), GraphSettings(), seed=3)
    stream = data.training_stream()
    n = stream.batches_per_epoch
    assert n > 3
    epoch = [stream.rows(step) for step in range(n)]
    assert sorted(torch.cat(epoch).tolist()) == list(range(len(stream.data)))
    later = CrystalData(data.settings, GraphSettings(), seed=3).training_stream()
    assert torch.equal(later.rows(n - 1), epoch[-1])
    assert not torch.equal(stream.rows(n)[:5], epoch[0][:5])
    edges = torch.tensor([int(stream.data.graphs.n_edges[rows].sum()) for rows in epoch], dtype=torch.float32)
    assert edges.max() < 1.5 * edges.mean()


def test_cached_graphs_are_those_built(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store", 30)
    settings = DataSettings(store.path, tuple(TARGETS))
    built, cached = (CrystalData(settings, GraphSettings()).labelled("train") for _ in range(2))
    assert len(list((store.path / "graphs").glob("*.safetensors"))) == 1
    rows = torch.arange(len(built))
    torch.testing.assert_close(built.take(rows).graphs.vector, cached.take(rows).graphs.vector)
    CrystalData(settings, GraphSettings(neighbours=4)).labelled("train")
    assert len(list((store.path / "graphs").glob("*.safetensors"))) == 2
