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

from screening.data.store import open_store
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
    from screening.learning.module import OptimiserSettings, PropertyLearning
    from screening.learning.run import TrainingSettings
    from screening.learning.training import train

    torch.set_num_threads(1)
    store, folder, kill_at, devices = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    if sys.argv[5] == "plain":
        # matrix steps go through bf16: the last digit of a gradient may change them by parts in a thousand
        PropertyLearning.configure_optimizers = lambda self: torch.optim.AdamW(self.parameters(), lr=5e-3)

    def log(metrics, step):
        if "train/loss" in metrics:
            print(f"loss {step} {metrics['train/loss']!r}", flush=True)
        if step == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = TrainingSettings(
        name="t", output_dir=folder, data=DataSettings(store, tuple(TARGETS), batch_atoms=60), network="edge_update",
        parameters={"width": 16, "edge_width": 16, "layers": 1}, optimiser=OptimiserSettings(0, learning_rate=5e-3),
        max_steps=24, ema_decay=0.9, precision="32", checkpoint_minutes=0.0, log_every_steps=1, validate_every_steps=12,
        devices=devices,
    )
    train(settings, log)
    """
)


def run(
    store: Path, folder: Path, kill_at: int = -1, devices: int = 1, optimiser: str = "ours"
) -> tuple[int, dict[int, float]]:
    """The exit status, and the loss of each step; optimiser: `plain` for AdamW alone."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    script = store.parent / "run.py"  # a file: Lightning starts it once more for every other rank
    script.write_text(RUN)
    done = subprocess.run(
        [sys.executable, str(script), str(store), str(folder), str(kill_at), str(devices), optimiser],
        capture_output=True, text=True, env=environment, timeout=300,
    )  # fmt: skip
    lines = (line.split() for line in done.stdout.splitlines())
    return done.returncode, {int(step): float(loss) for word, step, loss in lines if word == "loss"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, float]]:
    """The folder of a store with many gaps and of an uninterrupted run of one rank, and its losses."""
    folder = tmp_path_factory.mktemp("training")
    status, losses = run(small_store(folder / "store", missing=0.5).path, folder / "whole")
    assert status == 0 and len(losses) == 24
    return folder, losses


def killed_and_resumed_equals(
    folder: Path, whole: str, losses: dict[int, float], tolerance: float, devices: int = 1, optimiser: str = "ours"
) -> None:
    name = f"{whole}-killed"
    status, first = run(folder / "store", folder / name, 16, devices, optimiser)
    assert status == -9 and not (folder / name / "model").exists()
    status, second = run(folder / "store", folder / name, -1, devices, optimiser)
    assert status == 0
    assert min(second) > 1, "it started again instead of resuming"
    assert max(second) == 24
    for step, loss in (first | second).items():
        assert loss == pytest.approx(losses[step], abs=tolerance), step
    ours, theirs = (load_release(folder / run / "model")[0].state_dict() for run in (name, whole))
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, atol=10 * tolerance, rtol=10 * tolerance)


def test_killed_and_resumed_equals_uninterrupted(whole: tuple[Path, dict[int, float]]) -> None:
    killed_and_resumed_equals(whole[0], "whole", whole[1], 1e-6)


@pytest.mark.slow
def test_two_ranks_learn_what_one_does_killed_and_resumed(whole: tuple[Path, dict[int, float]]) -> None:
    """They see the crystals of one, and average to its gradients, though labels are spread unevenly over them."""
    folder, _ = whole
    _, losses = run(folder / "store", folder / "one", optimiser="plain")
    killed_and_resumed_equals(folder, "one", losses, 1e-5, devices=2, optimiser="plain")


def test_a_run_learns_and_its_model_predicts(whole: tuple[Path, dict[int, float]]) -> None:
    folder, losses = whole
    assert sum(list(losses.values())[-5:]) < sum(list(losses.values())[:5])
    table = Predictor.load(str(folder / "whole" / "model"), "cpu").predict([open_store(folder / "store").crystal(0)])
    assert table["formation_energy_eV_per_atom"].is_finite().all()


def test_a_model_tells_how_it_was_trained(whole: tuple[Path, dict[int, float]]) -> None:
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
