"""When a training run saves a checkpoint, and how all its processes stop at the same step."""

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
_STOP = {2: signal.SIGTERM, 3: signal.SIGUSR1}  # where both came, SIGUSR1 is what all processes hear of


class KeepGoing(Checkpoint):
    """Saves what a run is resumed from: every few minutes, before each validation, at the end, and when told to stop.

    Any of the processes may get the signal, and the first one looks at the clock; all save and stop at the same step.
    A run that is resumed makes up for the validation that its checkpoint was saved before. The random numbers of a
    step follow from the seed and the step, as its batch does, so that they are the same after an interruption.
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
            raise ScreeningError(f"the processes of the run found different checkpoints (steps {-least} to {most})")
        self._heed(wanted, step)
        if step and _validates_after(trainer, step):
            _validate(trainer)

    def on_train_batch_start(self, trainer: Trainer, module: LightningModule, *_: Any) -> None:
        own = ((self.seed * 1_000_003 + trainer.global_step) * 4096 + trainer.global_rank) % 2**63
        # torch.manual_seed asks for every kind of device there might be, which takes as long as a small layer
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
            self._heed(wanted, step)

    def on_validation_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        # a validation that was cut short tells nothing, and all of it is done again
        self._heed(self._agreement.now(self._wish())[0], trainer.global_step)

    def on_train_end(self, trainer: Trainer, module: LightningModule) -> None:
        self._agreement.settle()

    def _wish(self) -> int:
        return max((code for code, number in _STOP.items() if number in self.signals.received), default=_GO_ON)

    def _heed(self, wanted: int, step: int) -> None:
        if wanted not in _STOP:
            return
        self._agreement.settle()
        self.signals.received.add(_STOP[wanted])
        self.signals.raise_if_received(
            f"a checkpoint in {self.folder} holds its {step} step{'s' * (step > 1)}" if step else "no step was done yet"
        )


def _validates_after(trainer: Trainer, step: int) -> bool:
    return step % int(trainer.val_check_batch or 1) == 0


def _validate(trainer: Trainer) -> None:
    """As Lightning does between two steps."""
    loop = trainer.fit_loop.epoch_loop.val_loop
    loop.restarting = False  # from its first crystal on
    trainer.validating = True
    loop.run()
    trainer.training = True
