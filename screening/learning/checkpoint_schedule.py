"""Decides when a training run saves a checkpoint, and stops all its processes at the same step."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from screening.errors import ScreeningError
from screening.learning.devices import SharedMaximum
from screening.signals import Signals

_GO_ON, _SAVE = 0, 1
# if several arrive, the last of these wins in all processes
_STOP = {2: signal.SIGINT, 3: signal.SIGHUP, 4: signal.SIGTERM, 5: signal.SIGUSR1}


class CheckpointSchedule(Checkpoint):
    """Saves a checkpoint every few minutes, before each validation, at the end, and when told to stop.

    Any process may receive the signal, and the first one watches the clock; all save and stop at the same step. A
    resumed run first does the validation that was due after its checkpoint. The random numbers of a step, like its
    batch, depend only on the seed and the step, so that they are the same after an interruption.
    """

    def __init__(self, folder: Path, minutes: float, seed: int, signals: Signals) -> None:
        self.folder, self.seconds, self.seed, self.signals = folder, 60 * minutes, seed, signals
        self._agreement = SharedMaximum()
        self._saved_step, self._saved_at = 0, 0.0

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        step = trainer.global_step
        self._agreement = SharedMaximum()
        self._saved_step, self._saved_at = step, time.monotonic()
        wanted, most, least = self._agreement.now(self._wish(), step, -step)
        if most != -least:
            raise ScreeningError(f"the processes found different checkpoints (steps {-least} to {most})")
        self._stop_if_told(wanted, step)
        if step and _validates_after(trainer, step):
            _validate(trainer)

    def on_train_batch_start(self, trainer: Trainer, module: LightningModule, *_: Any) -> None:
        own = ((self.seed * 1_000_003 + trainer.global_step) * 4096 + trainer.global_rank) % 2**63
        # torch.manual_seed checks every kind of device, which takes as long as a small layer
        torch.default_generator.manual_seed(own)
        if trainer.strategy.root_device.type == "cuda":
            torch.cuda.manual_seed(own)

    def on_train_batch_end(self, trainer: Trainer, module: LightningModule, *_: Any) -> None:
        step = trainer.global_step
        due = trainer.is_global_zero and time.monotonic() - self._saved_at >= self.seconds
        wanted = self._agreement.later(max(self._wish(), _SAVE if due else _GO_ON))
        last = trainer.should_stop or step >= trainer.max_steps
        if (wanted or last or _validates_after(trainer, step)) and step > self._saved_step:
            trainer.save_checkpoint(self.folder / f"step-{step:08d}.ckpt")
            self._saved_step, self._saved_at = step, time.monotonic()
        if not last:
            self._stop_if_told(wanted, step)

    def on_validation_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        # an interrupted validation has no result and is repeated as a whole
        self._stop_if_told(self._agreement.now(self._wish())[0], trainer.global_step)

    def on_train_end(self, trainer: Trainer, module: LightningModule) -> None:
        self._agreement.wait()

    def _wish(self) -> int:
        return max((code for code, number in _STOP.items() if number in self.signals.received), default=_GO_ON)

    def _stop_if_told(self, wanted: int, step: int) -> None:
        if wanted not in _STOP:
            return
        self._agreement.wait()
        self.signals.received.add(_STOP[wanted])
        self.signals.raise_if_received(
            f"a checkpoint in {self.folder} has its {step} step{'s' * (step > 1)}" if step else "no step was done yet"
        )


def _validates_after(trainer: Trainer, step: int) -> bool:
    return step % int(trainer.val_check_batch or 1) == 0


def _validate(trainer: Trainer) -> None:
    """Validate as Lightning does between two steps."""
    loop = trainer.fit_loop.epoch_loop.val_loop
    loop.restarting = False  # from its first crystal
    trainer.validating = True
    loop.run()
    trainer.training = True
