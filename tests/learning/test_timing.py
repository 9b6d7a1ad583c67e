"""Each second of a step counts for one part; validation and interruptions count for none."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from screening.learning.timing import StepTimes, hardware


class Clock:
    """A clock under the control of the test."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    return clock


def trainer(device: str = "cpu") -> Any:
    return SimpleNamespace(strategy=SimpleNamespace(root_device=torch.device(device)))


def step(times: StepTimes, clock: Clock) -> None:
    for seconds, hook in ((1, "on_train_batch_start"), (6, "on_before_optimizer_step"), (3, "on_train_batch_end")):
        clock.now += seconds
        getattr(times, hook)()


def test_parts_of_a_step(clock: Clock) -> None:
    times = StepTimes()
    clock.now += 50  # before training
    times.on_train_start(trainer(), None)  # type: ignore[arg-type]
    step(times, clock)
    times.on_validation_start()
    clock.now += 20
    times.on_validation_end()
    step(times, clock)
    times.on_train_end()
    assert times.seconds == {"network": 12.0, "optimiser": 6.0, "data": 2.0}
    assert (times.network_share, times.steps_s, times.wall_s) == (0.6, 20.0, 40.0)


def test_times_go_on_after_an_interruption(clock: Clock) -> None:
    times = StepTimes()
    times.on_train_start(trainer(), None)  # type: ignore[arg-type]
    step(times, clock)
    saved = times.state_dict()
    clock.now += 1000
    resumed = StepTimes()
    resumed.load_state_dict(saved)
    resumed.on_train_start(trainer(), None)  # type: ignore[arg-type]
    step(resumed, clock)
    resumed.on_train_end()
    assert (resumed.steps_s, resumed.wall_s) == (20.0, 20.0)
    idle = StepTimes()
    idle.load_state_dict(saved)
    assert idle.wall_s == 10.0 and StepTimes().network_share == 0.0


def test_hardware_in_words() -> None:
    threads = torch.get_num_threads()
    each = "1 thread" if threads == 1 else f"{threads} threads"
    assert hardware(torch.device("cpu"), 1).endswith(f", {each}")
    assert hardware(torch.device("cpu"), 2).endswith(f", {each} in each of 2 processes")


@pytest.mark.cuda
def test_times_of_the_gpu_are_those_of_its_work() -> None:
    times = StepTimes()
    times.on_train_start(trainer("cuda"), None)  # type: ignore[arg-type]
    matrix = torch.randn(4096, 4096, device="cuda")
    for _ in range(3):
        times.on_train_batch_start()
        for _ in range(20):
            matrix = torch.nn.functional.normalize(matrix @ matrix)
        times.on_before_optimizer_step()
        times.on_train_batch_end()
    times.on_train_end()
    assert times.network_share > 0.9
    assert hardware(torch.device("cuda"), 1).startswith("1 x ")
