"""`screening train`: labelled crystals become a released model."""

from __future__ import annotations

import logging
import shlex
import signal
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from screening.cluster.requeueing import requeue
from screening.commands.own_data import data_store
from screening.configuration import as_dict, load_config, save_config
from screening.configuration.problems import as_typed
from screening.configuration.train import TrainConfig
from screening.configuration.trees import flattened
from screening.console import say
from screening.data.store import Store, label_columns
from screening.errors import Interrupted, RequestError
from screening.files import output_folder
from screening.tracking.address import OFF, TrackingSettings
from screening.tracking.lineage import trained_in
from screening.tracking.registry import fetch_model, register_model
from screening.tracking.runs import open_run

if TYPE_CHECKING:
    from screening.learning.run import TrainingResult, TrainingSettings
    from screening.signals import Signals

_NOT_IN_A_CARD = ("output_dir", "debug", "device", "tracking.", "model", "data.source")


def run(config: TrainConfig) -> None:
    """Train or resume, and say where the model is. With several devices each of the processes runs this.

    Told to stop (SIGTERM, SIGUSR1) it saves a checkpoint, puts its Slurm job back into the queue if that is what was
    meant, and raises Interrupted.
    """
    from screening.signals import Signals

    with Signals().caught() as signals:  # before the imports that take seconds
        from screening.learning.devices import process_rank

        rank = process_rank(config.trainer.devices)
        if rank:
            logging.getLogger("screening").setLevel(logging.WARNING)
        try:
            _run(config, rank, signals)
        except Interrupted:
            # the first process speaks for all; a bad exit status of another one would have it killed meanwhile
            if not rank:
                raise


def _run(config: TrainConfig, rank: int, signals: Signals) -> None:
    import torch

    from screening.learning.training import train

    if config.trainer.threads is not None:
        torch.set_num_threads(config.trainer.threads)
    check_request(config)
    tracking = TrackingSettings(config.tracking.uri, config.tracking.experiment)
    parent = find_parent(config, tracking)
    store = data_store(config.data, Path(config.output_dir), rank)
    settings = training_settings(config, store, parent)
    folder = output_folder(Path(config.output_dir), "output_dir")
    recorded = TrackingSettings(OFF) if rank else tracking
    tags = {"model": config.model_name} | ({"parent": config.model} if config.model else {})
    with open_run(recorded, folder, f"train: {config.model_name}", tags) as tracked:
        if not rank:
            save_config(config, folder / "config.yaml")
        tracked.log_params(dict(flattened(as_dict(config))))
        settings = replace(settings, record={**settings.record, **trained_in(tracked.run_id)})
        try:
            result = train(settings, tracked.log_metrics, signals)
        except Interrupted as stopped:
            # before anything else: the grace period may be short
            next_ = "" if rank else requeue(wanted=signal.SIGUSR1 in signals.received)
            raise Interrupted(f"{stopped}; {next_}") from None
        run_id, name = tracked.run_id, config.model_name
        registered = register_model(tracking, run_id, result.model_dir, name) if run_id else ""
    if not rank:
        _tell(result, store, registered)


def _tell(result: TrainingResult, store: Store, registered: str) -> None:
    say(f"{result.steps} steps done; model: {result.model_dir}")
    speed = result.speed
    say(
        f"  {speed['epochs']:.3g} epochs, {speed['structures_per_s']:.0f} structures/s, "
        f"{speed['network_share']:.0%} of the time in the network"
    )
    for name, value in result.validation.items():
        say(f"  {name} {value:.5g}" + (f" (before: {result.parent[name]:.5g})" if name in result.parent else ""))
    if registered:
        say(f"registered in MLflow: model={registered}")
    say(f"measure it: screening evaluate model={result.model_dir} data.path={store.path} output_dir=...")


def check_request(config: TrainConfig) -> None:
    """What can be known to be wrong before anything is read; raises RequestError."""
    import torch

    from screening.learning.launching import detect_launch
    from screening.networks.predictor import resolve_device

    devices = config.trainer.devices
    here = devices // detect_launch(devices).nodes
    if resolve_device(config.device).type == "cuda" and here > torch.cuda.device_count():
        raise RequestError(f"trainer.devices={devices}: there are {torch.cuda.device_count()} GPUs here")
    if config.data.targets is not None and not config.data.targets:
        raise RequestError("data.targets: expected at least one target")
    default = _defaults(config)
    for section in ("network", "graph") if config.model else ():
        if getattr(config, section) != getattr(default, section):
            raise RequestError(f"{section}: model={config.model} brings its own; leave the keys of {section} out")


def find_parent(config: TrainConfig, tracking: TrackingSettings) -> Path | None:
    """The folder of the release to start from; raises RequestError if there is no such release."""
    from screening.networks.released_model import find_release

    return find_release(fetch_model(tracking, config.model)) if config.model else None


def training_settings(config: TrainConfig, store: Store, parent: Path | None) -> TrainingSettings:
    """The settings of the learning step; raises RequestError for a target that the store has no labels of."""
    from screening.graphs.nearest import GraphSettings
    from screening.learning.data import DataSettings
    from screening.learning.module import OptimiserSettings
    from screening.learning.run import TrainingSettings
    from screening.networks.predictor import resolve_device

    trainer, data = config.trainer, config.data
    targets = tuple(data.targets or label_columns(store.index))
    store.labels(targets)  # raises if one is missing
    return TrainingSettings(
        name=config.model_name,
        output_dir=Path(config.output_dir),
        data=DataSettings(
            store.path,
            targets,
            data.site_moments,
            data.max_moment_crystals,
            data.max_crystals,
            trainer.batch_atoms,
            learn_validation=data.learn_validation,
            split_file=Path(data.split_file) if data.split_file else None,
            split_column=data.split_column,
        ),
        network=config.network.name,
        parameters=config.network.parameters,
        members=config.network.members,
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
        devices=trainer.devices,
        checkpoint_minutes=trainer.checkpoint_minutes,
        validate_every_steps=trainer.validate_every_steps,
        progress_bar=sys.stderr.isatty(),
        seed=config.seed,
        parent=parent,
        record={"command": command_line(config), "trainer": asdict(trainer)},
    )


def command_line(config: TrainConfig) -> str:
    """The command with the keys that differ from their defaults, but for where its results go."""
    own = {"model": config.model, "data": config.data.source}
    default = dict(flattened(as_dict(_defaults(config))))
    given = [f"{key}={value}" for key, value in own.items() if value]
    given += [
        f"{key}={as_typed(value)}"
        for key, value in flattened(as_dict(config))
        if value != default.get(key) and not key.startswith(_NOT_IN_A_CARD)
    ]
    return shlex.join(["screening", "train", *given])


def _defaults(config: TrainConfig) -> TrainConfig:
    """The settings of the shortest command for this model and data."""
    given = {"output_dir": config.output_dir, "model": config.model, "data.source": config.data.source}
    default = load_config("train", values={key: value for key, value in given.items() if value is not None})
    if not isinstance(default, TrainConfig):
        raise TypeError("the schema of train is TrainConfig")
    return default
