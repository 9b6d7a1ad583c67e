"""Sets up Lightning's trainer: callbacks, devices, precision."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import Timer, TQDMProgressBar
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.trainer.connectors.signal_connector import _SignalConnector

from screening.learning.averaging import WarmAveraging
from screening.learning.checkpoints import ChecksummedCheckpointIO
from screening.learning.launching import detect_launch
from screening.learning.run import TrainingSettings
from screening.networks.linear import has_bf16

logger = logging.getLogger(__name__)
MetricLogger = Callable[[dict[str, float], int], None]

_IRRELEVANT_WARNINGS = (
    ".*LeafSpec",
    ".*your dataloader is not resumable",  # it is: the batch depends only on the step
    "Total length of `list` across ranks is zero",  # no validation crystals in a small store
    "The ``compute`` method of metric MeanMetric was called before",  # no label of a target in the validation split
    "The `srun` command is available",
    "`broadcast_buffers` is deprecated",  # its replacement is not in torch 2.6
    "It is recommended to use .*sync_dist=True",  # the callback below does so when it logs
)


class _LogMetrics(Callback):
    """Passes training and validation metrics to the tracking run."""

    def __init__(self, log: MetricLogger, every: int) -> None:
        self.log_metrics, self.every = log, every

    def on_train_batch_end(self, trainer: Trainer, module: LightningModule, *_: Any) -> None:
        if trainer.global_step % self.every:
            return
        known = trainer.callback_metrics.get("train/loss", torch.tensor(float("nan")))
        loss = trainer.strategy.reduce(known.to(trainer.strategy.root_device), reduce_op="mean")
        if trainer.is_global_zero:
            rate = trainer.optimizers[0].param_groups[0]["lr"]
            self.log_metrics({"train/loss": float(loss), "train/learning_rate": rate}, trainer.global_step)

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
        if trainer.is_global_zero and not trainer.sanity_checking:
            self.log_metrics(validation_scores(trainer), trainer.global_step)
            logger.info("step %d: %s", trainer.global_step, validation_scores(trainer))


def validation_scores(trainer: Trainer) -> dict[str, float]:
    """The latest validation metrics; targets without labels have none."""
    scores = {k: float(v) for k, v in trainer.callback_metrics.items() if k.startswith("val/")}
    return {name: score for name, score in scores.items() if math.isfinite(score)}


def silence_lightning() -> None:
    """Turn off Lightning's remarks and irrelevant warnings."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for remark in _IRRELEVANT_WARNINGS:
        warnings.filterwarnings("ignore", message=remark, module="lightning|torchmetrics")


def make_trainer(
    settings: TrainingSettings, total_steps: int, log: MetricLogger, further: Sequence[Callback] = ()
) -> Trainer:
    """Create a trainer that averages weights and logs; it handles no signals.

    Also sets the precision of float32 matrix products for the whole process.

    Args:
        settings: Settings of the run.
        total_steps: Number of optimiser steps.
        log: Receives metrics and their step.
        further: More callbacks, such as the one that saves checkpoints.
    """
    callbacks: list[Callback] = [
        WarmAveraging(settings.ema_decay),
        *further,
        _LogMetrics(log, settings.log_every_steps),
    ]
    if settings.max_hours is not None:
        callbacks.append(Timer(duration=timedelta(hours=settings.max_hours), interval="step"))
    if settings.progress_bar:
        callbacks.append(TQDMProgressBar(refresh_rate=10))
    torch.set_float32_matmul_precision("high" if settings.precision == "tf32" else "highest")
    launch = detect_launch(settings.devices)
    trainer = Trainer(
        max_epochs=-1,
        max_steps=total_steps,
        limit_train_batches=total_steps,  # the stream is endless; this sets the end of the progress bar
        accelerator=settings.accelerator,
        devices=settings.devices // launch.nodes,
        num_nodes=launch.nodes,
        strategy=_strategy(settings),
        plugins=[ChecksummedCheckpointIO(), *launch.environment],
        precision=resolve_precision(settings.precision, settings.accelerator),  # type: ignore[arg-type]
        gradient_clip_val=settings.gradient_clip or None,
        val_check_interval=min(settings.validate_every_steps, total_steps),
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        callbacks=callbacks,
        enable_checkpointing=True,
        logger=False,
        enable_progress_bar=settings.progress_bar,
        enable_model_summary=False,
        use_distributed_sampler=False,
        log_every_n_steps=settings.log_every_steps,
    )
    # Lightning's handlers exchange messages between processes at times when these are exchanging others
    trainer._signal_connector = _NoSignals(trainer)
    return trainer


class _NoSignals(_SignalConnector):
    """Lightning without signal handlers; those of the process stay."""

    def register_signal_handlers(self) -> None:
        """Register nothing."""


def _strategy(settings: TrainingSettings) -> str | DDPStrategy:
    if settings.devices == 1:
        return "auto"
    # buffers are constant, and ranks validate different numbers of batches: exchanging buffers would deadlock
    backend = "nccl" if settings.accelerator == "cuda" else "gloo"
    return DDPStrategy(broadcast_buffers=False, gradient_as_bucket_view=True, process_group_backend=backend)


def resolve_precision(precision: str, accelerator: str) -> str:
    """Lightning's name of a precision.

    `tf32` is 32 with TensorFloat-32 matrix products. `auto` is bf16-mixed if the hardware multiplies bf16 matrices
    (CUDA, CPUs with AVX512-BF16), else 32.
    """
    if precision != "auto":
        return "32" if precision == "tf32" else precision
    if accelerator == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32"
    return "bf16-mixed" if has_bf16() else "32"
