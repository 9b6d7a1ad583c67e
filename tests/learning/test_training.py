"""A training run learns, is killed, goes on where it was, and leaves a release."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from helpers.labelled import small_store

from screening.data.targets import TARGETS
from screening.graphs.nearest import GraphSettings
from screening.learning.data import CrystalData, DataSettings
from screening.networks.predictor import Predictor
from screening.networks.release import load_release

RUN = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    import torch
    from screening.data.targets import TARGETS
    from screening.learning.data import DataSettings
    from screening.learning.module import OptimiserSettings
    from screening.learning.training import TrainingSettings, train

    torch.set_num_threads(1)
    store, folder, kill_at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

    def log(metrics, step):
        if "train/loss" in metrics:
            print(step, repr(metrics["train/loss"]), flush=True)
        if step == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = TrainingSettings(
        name="t", output_dir=folder, data=DataSettings(store, tuple(TARGETS), batch_atoms=60), network="edge_update",
        parameters={"width": 16, "edge_width": 16, "layers": 1}, optimiser=OptimiserSettings(0, learning_rate=5e-3),
        max_steps=24, ema_decay=0.9, precision="32", checkpoint_minutes=0.0, log_every_steps=1, validate_every_steps=12,
    )
    train(settings, log)
    """
)


def run(store: Path, folder: Path, kill_at: int = -1) -> tuple[int, dict[int, float]]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(store), str(folder), str(kill_at)],
        capture_output=True, text=True, env=environment, timeout=300,
    )  # fmt: skip
    lines = (line.split() for line in done.stdout.splitlines())
    return done.returncode, {int(step): float(loss) for step, loss in lines}


def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store").path
    status, whole = run(store, tmp_path / "whole")
    assert status == 0
    status, first = run(store, tmp_path / "killed", kill_at=16)
    assert status == -9 and not (tmp_path / "killed" / "model").exists()
    status, second = run(store, tmp_path / "killed")
    assert status == 0
    assert min(second) > 1, "it started again instead of resuming"
    assert max(second) == 24
    for step, loss in (first | second).items():
        assert loss == pytest.approx(whole[step], abs=1e-6), step
    ours, theirs = (load_release(tmp_path / name / "model")[0].state_dict() for name in ("killed", "whole"))
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, atol=1e-6, rtol=1e-5)
    assert sum(list(whole.values())[-5:]) < sum(list(whole.values())[:5])
    table = Predictor.load(str(tmp_path / "whole" / "model"), "cpu").predict([CrystalData(
        DataSettings(store, tuple(TARGETS)), GraphSettings()).store.crystal(0)])  # fmt: skip
    assert table["formation_energy_eV_per_atom"].is_finite().all()


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
