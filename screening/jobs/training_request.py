"""What `screening train` asks for: checked before anything is read, and put as the learning step wants it."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.configuration import as_dict, load_config
from screening.configuration.train import TrainConfig
from screening.configuration.trees import flattened
from screening.console import on_terminal
from screening.data.store import Store, label_columns
from screening.errors import RequestError
from screening.release_folder import WEIGHTS
from screening.settings import as_typed
from screening.tracking.address import TrackingSettings
from screening.tracking.provenance import sha256
from screening.tracking.registry import fetch_model

if TYPE_CHECKING:
    from screening.learning.run import TrainingSettings

_MAY_CHANGE = (
    "output_dir", "name", "debug", "device", "tracking.", "model",
    "data.path", "data.source", "data.labels", "data.split_file",
    "trainer.max_epochs", "trainer.max_steps", "trainer.max_hours", "trainer.devices", "trainer.threads",
    "trainer.precision", "trainer.compile", "trainer.checkpoint_minutes", "trainer.validate_every_steps",
)  # fmt: skip
"""Keys that may change when a run is resumed; those of places are compared by what lies there."""
_NOT_IN_A_CARD = ("output_dir", "debug", "device", "tracking.", "model", "data.source")


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


def fixed_settings(config: TrainConfig, store: Store | None, parent: Path | None) -> dict[str, Any]:
    """The settings that must not change when a run is resumed, by dotted key: other ones would be another run.

    Args:
        config: The settings of the command.
        store: What is learned; None if it is not made yet.
        parent: The folder of the release to start from.
    """
    fixed = {key: value for key, value in flattened(as_dict(config)) if not key.startswith(_MAY_CHANGE)}
    fixed["model"] = sha256(parent / WEIGHTS)[:16] if parent is not None else None
    if config.data.split_file is not None:
        fixed["data.split_file"] = sha256(Path(config.data.split_file))[:16]
    return fixed | ({"data": store.content_hash[:16]} if store is not None else {})


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
            mask_collapsed=data.mask_collapsed,
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
        progress_bar=on_terminal(),
        seed=config.seed,
        parent=parent,
        fixed=fixed_settings(config, store, parent),
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
