"""One training run: fit, keep checkpoints to resume from, calibrate the intervals, write the model folder."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Callback, LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import EMAWeightAveraging, ModelCheckpoint, Timer, TQDMProgressBar

from screening.data.splits import DEFAULT_SALT
from screening.graphs.nearest import GraphSettings
from screening.learning.calibration import calibrate
from screening.learning.checkpoints import find_checkpoint
from screening.learning.data import CrystalData, DataSettings
from screening.learning.losses import robust_scales
from screening.learning.module import OptimiserSettings, PropertyLearning
from screening.networks.architectures import build_network
from screening.networks.linear import has_bf16
from screening.networks.model import PropertyModel
from screening.networks.release import ModelConfig, save_release

logger = logging.getLogger(__name__)
MetricLogger = Callable[[dict[str, float], int], None]

_BESIDE_THE_POINT = (
    ".*LeafSpec",
    ".*your dataloader is not resumable",  # it is: the batch of a step follows from the step
    "Checkpoint directory .* is not empty",  # where a run is resumed from
    "Total length of `list` across ranks is zero",  # no validation crystals in a small store
)


@dataclass(frozen=True)
class TrainingSettings:
    """What a run needs; see `configs/trainer/default.yaml` for the meaning and defaults of the keys."""

    name: str
    output_dir: Path
    data: DataSettings
    network: str
    parameters: dict[str, Any] = field(default_factory=dict)
    graph: GraphSettings = field(default_factory=GraphSettings)
    optimiser: OptimiserSettings = field(default_factory=lambda: OptimiserSettings(total_steps=0))
    max_epochs: int = 40
    max_steps: int | None = None
    max_hours: float | None = None
    ema_decay: float = 0.999
    gradient_clip: float = 1.0
    precision: str = "auto"
    accelerator: str = "cpu"
    checkpoint_minutes: float = 10.0
    log_every_steps: int = 50
    validate_every_steps: int = 1000
    progress_bar: bool = False
    seed: int = 0


@dataclass(frozen=True)
class TrainingResult:
    """model_dir: the finished model; steps: optimiser steps done; validation: scores by name at the end."""

    model_dir: Path
    steps: int
    validation: dict[str, float]


class _LogMetrics(Callback):
    """Hands training and validation metrics to the tracking run as they come."""

    def __init__(self, log: MetricLogger, every: int) -> None:
        self.log_metrics, self.every = log, every

    def on_train_batch_end(self, trainer: Trainer, module: LightningModule, *_: Any) -> None:
        if trainer.is_global_zero and trainer.global_step % self.every == 0:
            rate = trainer.optimizers[0].param_groups[0]["lr"]
            loss = float(trainer.callback_metrics.get("train/loss", torch.tensor(float("nan"))))
            self.log_metrics({"train/loss": loss, "train/learning_rate": rate}, trainer.global_step)

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
        if trainer.is_global_zero and not trainer.sanity_checking:
            self.log_metrics(validation_scores(trainer), trainer.global_step)
            logger.info("step %d: %s", trainer.global_step, validation_scores(trainer))


def validation_scores(trainer: Trainer) -> dict[str, float]:
    """The validation metrics of the last pass."""
    return {k: float(v) for k, v in trainer.callback_metrics.items() if k.startswith("val/")}


def train(settings: TrainingSettings, log_metrics: MetricLogger = lambda _metrics, _step: None) -> TrainingResult:
    """Train, calibrate and write `output_dir/model`; resumes from `output_dir/checkpoints` if there is one.

    Raises RequestError for a wrong store or network.
    """
    # Lightning's remarks on hardware and add-ons are not what the user asked for
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for remark in _BESIDE_THE_POINT:
        warnings.filterwarnings("ignore", message=remark, module="lightning")
    seed_everything(settings.seed, workers=True, verbose=False)
    data = CrystalData(settings.data, settings.graph, settings.seed)
    stream = data.training_stream()
    total_steps = settings.max_steps or settings.max_epochs * stream.batches_per_epoch
    network, parameters = build_network(settings.network, settings.parameters, settings.graph.neighbours)
    model = PropertyModel(network, settings.data.targets)
    model.standardise(*robust_scales(data.labelled("train").labels))
    learning = PropertyLearning(model, replace(settings.optimiser, total_steps=total_steps))
    trainer = _trainer(settings, total_steps, log_metrics)
    resumed = find_checkpoint(settings.output_dir / "checkpoints", learning)
    if resumed:
        logger.info("resuming from %s", resumed.file)
    trainer.fit(learning, datamodule=data, ckpt_path=resumed.file if resumed else None, weights_only=True)
    if resumed and trainer.global_step == resumed.step:
        # no step was left to do: Lightning then skips the end, where the averaged weights replace the last ones
        learning.load_state_dict(resumed.averaged)
    model.eval()
    calibrate(model, data.labelled("calibration"), settings.data.batch_atoms)
    model_dir = settings.output_dir / "model"
    if trainer.is_global_zero:
        save_release(model_dir, model, _model_config(settings, data, parameters, trainer.global_step))
    return TrainingResult(model_dir, trainer.global_step, validation_scores(trainer))


def _trainer(settings: TrainingSettings, total_steps: int, log_metrics: MetricLogger) -> Trainer:
    interval = max(timedelta(minutes=settings.checkpoint_minutes), timedelta(milliseconds=1))  # 0: every step
    callbacks: list[Callback] = [
        EMAWeightAveraging(decay=settings.ema_decay, use_buffers=True),
        ModelCheckpoint(
            settings.output_dir / "checkpoints",
            filename="step-{step}",
            auto_insert_metric_name=False,
            train_time_interval=interval,
            save_top_k=1,
            save_last=True,
        ),
        _LogMetrics(log_metrics, settings.log_every_steps),
    ]
    if settings.max_hours is not None:
        callbacks.append(Timer(duration=timedelta(hours=settings.max_hours), interval="step"))
    if settings.progress_bar:
        callbacks.append(TQDMProgressBar(refresh_rate=10))
    return Trainer(
        max_epochs=-1,
        max_steps=total_steps,
        limit_train_batches=total_steps,  # the stream is endless; this gives the progress bar its end
        accelerator=settings.accelerator,
        devices=1,
        precision=resolve_precision(settings.precision, settings.accelerator),  # type: ignore[arg-type]
        gradient_clip_val=settings.gradient_clip or None,
        val_check_interval=min(settings.validate_every_steps, total_steps),
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        callbacks=callbacks,
        logger=False,
        enable_progress_bar=settings.progress_bar,
        enable_model_summary=False,
        use_distributed_sampler=False,
        log_every_n_steps=settings.log_every_steps,
    )


def resolve_precision(precision: str, accelerator: str) -> str:
    """`auto` is bf16-mixed where the hardware multiplies bf16 matrices (CUDA, CPUs with AVX512-BF16), else 32."""
    if precision != "auto":
        return precision
    if accelerator == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32"
    return "bf16-mixed" if has_bf16() else "32"


def _model_config(settings: TrainingSettings, data: CrystalData, parameters: dict[str, Any], steps: int) -> ModelConfig:
    rows = data.split_rows["train"]
    return ModelConfig(
        name=settings.name,
        architecture=settings.network,
        parameters=parameters,
        graph=settings.graph,
        targets=settings.data.targets,
        elements=_elements(data, rows),
        training={
            "store_sha256": data.store.content_hash,
            "sources": data.store.meta["sources"],
            "split_salt": DEFAULT_SALT,
            "crystals": {split: len(rows) for split, rows in data.split_rows.items()},
            "steps": steps,
            "batches_per_epoch": data.training_stream().batches_per_epoch,
            "seed": settings.seed,
        },
    )


def _elements(data: CrystalData, rows: Sequence[int] | np.ndarray) -> tuple[int, ...]:
    numbers = np.unique(data.store.crystals.take(np.asarray(rows)).numbers)
    return tuple(int(z) for z in numbers)
