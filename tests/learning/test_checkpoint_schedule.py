"""A run can be stopped at any moment without losing steps, and continues as if uninterrupted."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.labelled import small_store

from screening.data.targets import TARGETS
from screening.errors import Interrupted
from screening.learning import training
from screening.learning.checkpoints import CHECKPOINTS, ChecksummedCheckpointIO, checkpoint_files
from screening.learning.data import DataSettings
from screening.learning.module import OptimiserSettings, PropertyLearning
from screening.learning.run import TrainingSettings
from screening.learning.training import train
from screening.networks.released_model import load_release
from screening.signals import Signals

STEPS, VALIDATED = 10, 5
Curve = dict[tuple[str, int], float]


@pytest.fixture(scope="module", autouse=True)
def noisy() -> Iterator[None]:
    """Losses times random numbers, which an interruption must not change."""
    plain = PropertyLearning.training_step
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PropertyLearning, "training_step", lambda *given: plain(*given) * (1 + 0.1 * torch.rand(())))
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_store(tmp_path_factory.mktemp("saving") / "store", crystals=60).path


def curve(store: Path, folder: Path, during: Callable[[str, int], None] = lambda _name, _step: None) -> Curve:
    """What a run logs until it ends or is interrupted, by name and step; `during` receives each entry at once."""
    logged: Curve = {}

    def log(metrics: dict[str, float], step: int) -> None:
        for name, value in metrics.items():
            if name in {"train/loss", "train/learning_rate", "val/relative_error"}:
                logged[name, step] = value
                during(name, step)

    settings = TrainingSettings(
        name="t", output_dir=folder, data=DataSettings(store, tuple(TARGETS), batch_atoms=60), network="edge_update",
        parameters={"width": 16, "edge_width": 16, "layers": 1}, optimiser=OptimiserSettings(0, learning_rate=5e-3),
        max_steps=STEPS, ema_decay=0.9, precision="32", log_every_steps=1, validate_every_steps=VALIDATED,
    )  # fmt: skip
    with Signals().caught() as signals:
        try:
            train(settings, log, signals)
        except Interrupted as stopped:
            logged["stopped", 0] = stopped.exit_status
    return logged


@pytest.fixture(scope="module")
def whole(store: Path) -> tuple[Path, Curve]:
    folder = store.parent / "whole"
    logged = curve(store, folder)
    assert len(logged) == 2 * STEPS + STEPS // VALIDATED
    return folder, logged


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def goes_on(store: Path, folder: Path, first: Curve, whole: tuple[Path, Curve]) -> None:
    """The stopped run, repeated, does each remaining step once, like the uninterrupted one."""
    assert first.pop(("stopped", 0)) == 75 and not (folder / "model").exists()
    second = curve(store, folder)
    assert first.keys() | second.keys() == whole[1].keys() and not first.keys() & second.keys()
    assert {**first, **second} == pytest.approx(whole[1], rel=1e-6, abs=1e-6)
    ours, theirs = (load_release(path / "model")[0].state_dict() for path in (folder, whole[0]))
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("number", "step"), [(signal.SIGTERM, 1), (signal.SIGUSR1, 7)])
def test_after_a_step(
    number: signal.Signals, step: int, store: Path, tmp_path: Path, whole: tuple[Path, Curve]
) -> None:
    first = curve(store, tmp_path, lambda name, now: send(number) if (name, now) == ("train/loss", step) else None)
    assert max(at for _, at in first) == step
    goes_on(store, tmp_path, first, whole)


@pytest.mark.parametrize("step", [VALIDATED, STEPS])
def test_during_validation(
    step: int, store: Path, tmp_path: Path, whole: tuple[Path, Curve], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted validation has no result and is repeated, also the last one."""
    plain = PropertyLearning.validation_step

    def interrupted(self: PropertyLearning, *given: Any) -> None:
        plain(self, *given)
        if self.global_step == step:
            send(signal.SIGTERM)

    with monkeypatch.context() as patched:
        patched.setattr(PropertyLearning, "validation_step", interrupted)
        first = curve(store, tmp_path)
    assert ("train/loss", step) in first and ("val/relative_error", step) not in first
    goes_on(store, tmp_path, first, whole)


def test_before_the_first_step(
    store: Path, tmp_path: Path, whole: tuple[Path, Curve], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = training.load_parent, training.CrystalData

    def interrupted(*given: Any) -> Any:
        send(signal.SIGUSR1)
        return plain[1](*given)

    with monkeypatch.context() as patched:
        patched.setattr(training, "CrystalData", interrupted)
        first = curve(store, tmp_path)
    assert first == {("stopped", 0): 75} and not (tmp_path / CHECKPOINTS).exists()
    goes_on(store, tmp_path, first, whole)


def test_after_the_last_step(store: Path, tmp_path: Path, whole: tuple[Path, Curve]) -> None:
    first = curve(store, tmp_path, lambda name, _: send(signal.SIGTERM) if name.startswith("val/") else None)
    assert ("train/loss", VALIDATED + 1) in first, "a signal during validation stops the run after the next step"
    again = curve(store, tmp_path, lambda *now: send(signal.SIGTERM) if now == ("val/relative_error", STEPS) else None)
    assert again.pop(("stopped", 0)) == 75 and not (tmp_path / "model").exists()
    assert first.pop(("stopped", 0)) == 75
    last = curve(store, tmp_path)
    assert last == pytest.approx({("val/relative_error", STEPS): whole[1]["val/relative_error", STEPS]}, rel=1e-6)
    assert {**first, **again} == pytest.approx(whole[1], rel=1e-6, abs=1e-6)
    assert load_release(tmp_path / "model")[1].training["steps"] == STEPS


def test_further_signals_while_a_checkpoint_is_written(
    store: Path, tmp_path: Path, whole: tuple[Path, Curve], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = torch.save

    def interrupted(*given: Any, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGTERM):
            send(number)
        plain(*given, **options)
        send(signal.SIGUSR1)

    with monkeypatch.context() as patched:
        patched.setattr(torch, "save", interrupted)
        first = curve(store, tmp_path, lambda _, now: send(signal.SIGUSR1) if now == 3 else None)
    assert [path.name[:13] for path in checkpoint_files(tmp_path / CHECKPOINTS)] == ["step-00000003"]
    goes_on(store, tmp_path, first, whole)


def test_a_damaged_checkpoint_costs_the_steps_since_the_one_before(
    store: Path, tmp_path: Path, whole: tuple[Path, Curve]
) -> None:
    first = curve(store, tmp_path, lambda _, now: send(signal.SIGTERM) if now == 7 else None)
    newest, older = checkpoint_files(tmp_path / CHECKPOINTS)
    assert newest.name.startswith("step-00000007") and older.name.startswith("step-00000005")
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    second = curve(store, tmp_path)
    assert min(step for _, step in second) == 5, "the validation after step 5 is done again"
    first.pop(("stopped", 0))
    assert {**first, **second} == pytest.approx(whole[1], rel=1e-6, abs=1e-6)


def test_lightning_writes_no_checkpoints(store: Path, tmp_path: Path) -> None:
    """Its checkpoints would have no checksum."""
    trainer = training.make_trainer(
        TrainingSettings("t", tmp_path, DataSettings(store, ("band_gap_eV",))), 1, lambda *_: None
    )
    assert isinstance(trainer.strategy.checkpoint_io, ChecksummedCheckpointIO)
