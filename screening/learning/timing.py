"""Measures where the time of a training run goes: network, optimiser or data."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer

PARTS = ("network", "optimiser", "data")
_MOST_PENDING = 300  # events on a device before their times are read, which waits for the device


class StepTimes(Callback):
    """Seconds by part of the steps, and wall-clock time; kept in checkpoints, so that interruptions do not matter.

    The network is the forward and backward pass; the optimiser is clipping, the step and the averaged weights; data is
    everything else: batches, checkpoints and Lightning itself. Validation counts only for the wall clock. On CUDA,
    times come from events in the device's queue, so that measuring does not slow it down.

    Attributes:
        seconds: Seconds of all steps by part.
        wall_s: Wall-clock seconds.
    """

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self.wall_s = 0.0
        self._since = 0.0
        self._last: Any = None
        self._pending: list[tuple[str, Any, Any]] = []
        self._cuda = False

    @property
    def network_share(self) -> float:
        """Share of the network in the time of all steps."""
        return self.seconds["network"] / max(self.steps_s, 1e-9)

    @property
    def steps_s(self) -> float:
        """Seconds of all steps."""
        return sum(self.seconds.values())

    def share_of(self, hours: float) -> Callable[[], float]:
        """A function that gives the share of these hours used by training so far, without interruptions."""

        def share() -> float:
            running = time.perf_counter() - self._since if self._since else 0.0
            return (self.wall_s + running) / (3600 * hours)

        return share

    def on_train_start(self, trainer: Trainer, _: LightningModule) -> None:
        self._cuda = trainer.strategy.root_device.type == "cuda"
        self._since, self._last = time.perf_counter(), self._mark()

    def on_train_batch_start(self, *_: Any) -> None:
        self._record("data")

    def on_before_optimizer_step(self, *_: Any) -> None:
        self._record("network")

    def on_train_batch_end(self, *_: Any) -> None:
        self._record("optimiser")

    def on_validation_start(self, *_: Any) -> None:
        if self._last is not None:  # not when a finished model is validated
            self._record("data")

    def on_validation_end(self, *_: Any) -> None:
        if self._last is not None:
            self._last = self._mark()

    def on_train_end(self, *_: Any) -> None:
        self._flush()

    def state_dict(self) -> dict[str, Any]:
        self._flush()
        return {"seconds": dict(self.seconds), "wall_s": self.wall_s}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.seconds, self.wall_s = dict(state_dict["seconds"]), float(state_dict["wall_s"])

    def _mark(self) -> Any:
        if not self._cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def _record(self, part: str) -> None:
        now = self._mark()
        self._pending.append((part, self._last, now))
        self._last = now
        if not self._cuda or len(self._pending) >= _MOST_PENDING:
            self._flush()

    def _flush(self) -> None:
        if self._cuda and self._pending:
            self._pending[-1][2].synchronize()
        for part, start, end in self._pending:
            self.seconds[part] += start.elapsed_time(end) / 1000 if self._cuda else end - start
        self._pending.clear()
        now = time.perf_counter()
        self.wall_s, self._since = self.wall_s + now - self._since, now


def hardware(device: torch.device, devices: int) -> str:
    """The hardware of a run in words: `2 x NVIDIA H100 80GB HBM3`, `AMD EPYC 9R14, 1 thread`."""
    if device.type == "cuda":
        return f"{devices} x {torch.cuda.get_device_name(device)}"
    threads = torch.get_num_threads()
    each = f"{threads} thread{'s' if threads > 1 else ''}"
    return f"{_processor()}, {each}" + (f" in each of {devices} processes" if devices > 1 else "")


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return " ".join(value.split())
    return platform.processor() or platform.machine()
