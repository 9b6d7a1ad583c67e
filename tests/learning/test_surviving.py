"""Real processes, told to stop or killed at random moments, with one or two ranks: the curve is unchanged.

Losses are compared step by step with those of an uninterrupted run of one rank.
"""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest
import torch
from helpers.labelled import small_store
from helpers.training_runs import Ended, run

from screening.learning.checkpoints import CHECKPOINTS, checkpoint_files
from screening.networks.released_model import load_release

pytestmark = pytest.mark.slow
STEPS = 60


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_store(tmp_path_factory.mktemp("surviving") / "store", missing=0.5).path


@pytest.fixture(scope="module")
def whole(store: Path) -> tuple[Path, Ended]:
    """An uninterrupted run with random numbers in its losses."""
    ended = run(store, store.parent / "whole", noisy=True, steps=STEPS)
    assert ended.status == 0 and len(ended.losses) == STEPS and len(ended.validation) == STEPS // 12, ended.errors
    return store.parent / "whole", ended


@pytest.fixture(scope="module")
def plain(store: Path) -> tuple[Path, Ended]:
    """An uninterrupted run of one rank."""
    ended = run(store, store.parent / "plain", steps=STEPS)
    assert ended.status == 0, ended.errors
    return store.parent / "plain", ended


def goes_on_as(parts: list[Ended], folder: Path, whole: tuple[Path, Ended], tolerance: float) -> None:
    """The parts equal the whole run: losses, validation and released weights."""
    assert parts[-1].status == 0, parts[-1].errors
    covered: set[int] = set()
    for part in parts:
        for step, loss in part.losses.items():
            assert loss == pytest.approx(whole[1].losses[step], rel=tolerance, abs=tolerance), step
        for step, error in part.validation.items():
            assert error == pytest.approx(whole[1].validation[step], rel=tolerance, abs=tolerance), step
        covered |= set(part.losses)
    assert covered == set(whole[1].losses), "a step was left out"
    assert {step for part in parts for step in part.validation} == set(whole[1].validation), "a validation was left out"
    ours, theirs = (load_release(path / "model")[0].state_dict() for path in (folder, whole[0]))
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, atol=10 * tolerance, rtol=10 * tolerance)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGKILL])
def test_stopped_at_random_moments(number: signal.Signals, store: Path, whole: tuple[Path, Ended]) -> None:
    folder = store.parent / number.name
    parts: list[Ended] = []
    for at in sorted(random.sample(range(2, STEPS - 10), 3)):
        parts.append(run(store, folder, noisy=True, steps=STEPS, send=number, at=at))
        assert parts[-1].status == (-9 if number is signal.SIGKILL else 75), parts[-1].errors
        if number is not signal.SIGKILL:
            assert f"stopped by {number.name}; a checkpoint in {folder / CHECKPOINTS} has its" in parts[-1].errors
            last = int(checkpoint_files(folder / CHECKPOINTS)[0].name.split("-")[1])
            assert last == max(parts[-1].losses), "steps were lost"
    parts.append(run(store, folder, noisy=True, steps=STEPS))
    goes_on_as(parts, folder, whole, 1e-6)


@pytest.mark.parametrize(("rank", "number"), [(0, signal.SIGTERM), (1, signal.SIGUSR1)])
def test_two_ranks_stop_together_and_go_on_with_one_or_two(
    rank: int, number: signal.Signals, store: Path, plain: tuple[Path, Ended]
) -> None:
    """2 -> 1 -> 2 ranks; whichever rank gets the signal."""
    folder = store.parent / f"two-{rank}"
    parts = [run(store, folder, devices=2, steps=STEPS, send=number, at=14, rank=rank)]
    assert parts[0].status == 75 and f"stopped by {number.name}" in parts[0].errors, parts[0].errors
    parts.append(run(store, folder, devices=1, steps=STEPS, send=signal.SIGTERM, at=30))
    assert parts[1].status == 75 and min(parts[1].losses) == max(parts[0].losses) + 1, parts[1].errors
    parts.append(run(store, folder, devices=2, steps=STEPS))
    goes_on_as(parts, folder, plain, 1e-5)


def test_two_ranks_stopped_before_the_first_step_do_none(store: Path, plain: tuple[Path, Ended]) -> None:
    folder = store.parent / "early"
    first = run(store, folder, devices=2, steps=STEPS, send=signal.SIGTERM, rank=1)
    assert first.status == 75 and "no step was done yet" in first.errors and not first.losses, first.errors
    goes_on_as([run(store, folder, devices=2, steps=STEPS)], folder, plain, 1e-5)


@pytest.mark.parametrize("at", [12, STEPS])
def test_two_ranks_stopped_during_validation_repeat_it(at: int, store: Path, plain: tuple[Path, Ended]) -> None:
    """One rank is stopped while the other waits for it; also after the last step."""
    folder = store.parent / f"validating-{at}"
    parts = [run(store, folder, devices=2, steps=STEPS, send=signal.SIGTERM, at=at, slow_validation=True)]
    assert parts[0].status == 75 and max(parts[0].losses) == at and at not in parts[0].validation, parts[0].errors
    parts.append(run(store, folder, devices=2, steps=STEPS))
    goes_on_as(parts, folder, plain, 1e-5)
