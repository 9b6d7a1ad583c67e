"""`screening train`: a store of labelled crystals becomes a released model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from screening.configuration import as_dict, save_config
from screening.configuration.schemas import TrainConfig
from screening.configuration.trees import walk
from screening.console import say
from screening.data.store import open_store
from screening.errors import RequestError
from screening.report.atomic import output_folder
from screening.tracking.registry import register_model
from screening.tracking.runs import open_run
from screening.tracking.settings import TrackingSettings

if TYPE_CHECKING:
    from screening.learning.training import TrainingSettings


def run(config: TrainConfig) -> None:
    """Train or resume, and say where the model is."""
    import torch

    from screening.learning.training import train

    if config.trainer.threads is not None:
        torch.set_num_threads(config.trainer.threads)
    settings = training_settings(config)
    tracking = TrackingSettings(config.tracking.uri, config.tracking.experiment)
    open_store(settings.data.path)  # a wrong one is refused before anything is made
    folder = output_folder(Path(config.output_dir), "output_dir")
    with open_run(tracking, folder, f"train: {config.name}", {"model": config.name}) as tracked:
        save_config(config, folder / "config.yaml")
        tracked.log_params(dict(walk(as_dict(config))))
        result = train(settings, tracked.log_metrics)
        registered = register_model(tracking, tracked.run_id, result.model_dir, config.name) if tracked.run_id else ""
    say(f"{result.steps} steps done; model: {result.model_dir}")
    for name, value in result.validation.items():
        say(f"  {name} {value:.5g}")
    if registered:
        say(f"registered in MLflow: model={registered}")
    say(f"measure it: screening evaluate model={result.model_dir} data.path={config.data.path} output_dir=...")


def training_settings(config: TrainConfig) -> TrainingSettings:
    """The settings of the learning step; raises RequestError when CUDA is asked for and missing."""
    from screening.graphs.nearest import GraphSettings
    from screening.learning.data import DataSettings
    from screening.learning.module import OptimiserSettings
    from screening.learning.training import TrainingSettings
    from screening.networks.predictor import resolve_device

    trainer, data = config.trainer, config.data
    if not data.targets:
        raise RequestError("data.targets: expected at least one target")
    return TrainingSettings(
        name=config.name,
        output_dir=Path(config.output_dir),
        data=DataSettings(
            Path(data.path),
            tuple(data.targets),
            data.site_moments,
            data.max_moment_crystals,
            data.max_crystals,
            trainer.batch_atoms,
        ),
        network=config.network.name,
        parameters=config.network.parameters,
        graph=GraphSettings(config.graph.neighbours, config.graph.spread, config.graph.max_cutoff_A),
        optimiser=OptimiserSettings(
            total_steps=0,
            learning_rate=trainer.learning_rate,
            weight_decay=trainer.weight_decay,
            warmup_fraction=trainer.warmup_fraction,
            target_weights=tuple(trainer.target_weights),
            compile=trainer.compile,
        ),
        max_epochs=trainer.max_epochs,
        max_steps=trainer.max_steps,
        max_hours=trainer.max_hours,
        ema_decay=trainer.ema_decay,
        gradient_clip=trainer.gradient_clip,
        precision=trainer.precision,
        accelerator=resolve_device(config.device).type,
        checkpoint_minutes=trainer.checkpoint_minutes,
        validate_every_steps=trainer.validate_every_steps,
        progress_bar=sys.stderr.isatty(),
        seed=config.seed,
    )
