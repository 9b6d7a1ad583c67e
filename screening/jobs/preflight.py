"""What is looked at before a job is queued, so that it does not fail hours later: models, data, earlier results."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from screening.cluster.submitted import JOBS
from screening.configuration.rank import RankConfig
from screening.configuration.train import TrainConfig
from screening.crystals.reading.inputs import find_source
from screening.data.store import open_store
from screening.errors import RequestError
from screening.files import atomic_folder
from screening.jobs.opening import load_predictors
from screening.jobs.scoring import check_scoring
from screening.jobs.sharding import unfinished_shards
from screening.jobs.training_request import check_request, find_parent, fixed_settings, training_settings
from screening.tracking.address import TrackingSettings, sqlite_path, tracking_uri
from screening.tracking.provenance import sha256
from screening.tracking.registry import PREFIX, fetch_model

Config = TypeVar("Config", RankConfig, TrainConfig)

_CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class Fetched:
    """A model that a tracking server holds, fetched when a job is submitted: the job may have no network.

    source: where it was fetched to. kept: the folder beside the job's scripts that it is to be copied to.
    """

    source: Path
    kept: Path

    @property
    def here(self) -> Path:
        """Where it is now."""
        return self.kept if self.kept.is_dir() else self.source

    def copy(self) -> None:
        """Put it where the job finds it, whole or not at all; nothing if it is there."""
        if self.kept.is_dir():
            return
        with atomic_folder(self.kept) as part:
            shutil.copytree(self.source, part, dirs_exist_ok=True)


def fetched_model(config: RankConfig | TrainConfig) -> Fetched | None:
    """The model of the request if a server holds it, else None. Raises RequestError for an unknown one."""
    settings = TrackingSettings(config.tracking.uri, config.tracking.experiment)
    model = config.model or ""
    if not model.startswith(PREFIX) or sqlite_path(tracking_uri(settings)) is not None:
        return None
    source = Path(fetch_model(settings, model))
    return Fetched(source, Path(config.output_dir).absolute() / JOBS / f"model-{sha256(source)[:16]}")


def check_ranking(config: RankConfig) -> list[int]:
    """The shards that are still to be scored, [0] of a ranking that is not cut. Raises RequestError."""
    config = _here(config)
    if config.shards > 1:
        return unfinished_shards(config)
    find_source(config.candidates)
    check_scoring(load_predictors(config), config.task_settings)
    return [0]


def check_training(config: TrainConfig) -> None:
    """Raises RequestError for a wrong request, and for an output_dir that holds checkpoints of another run."""
    config = _here(config)
    check_request(config)
    parent = find_parent(config, TrackingSettings(config.tracking.uri, config.tracking.experiment))
    if config.data.source is not None and not Path(config.data.source).exists():
        raise RequestError(f"data={config.data.source}: no such file or folder")
    store = None
    if config.data.path is not None and config.data.source is None:
        store = open_store(Path(config.data.path))
        training_settings(config, store, parent)
    if config.data.path is None and config.data.source is None:
        raise RequestError("missing: data=FILE (your own crystals with labels) or data.path=STORE")
    if (checkpoints := Path(config.output_dir) / _CHECKPOINTS).is_dir():
        from screening.learning.checkpoints import newest_checkpoint, require_same_settings

        resumed = newest_checkpoint(checkpoints, set_aside=False)
        if resumed is not None:
            require_same_settings(resumed, fixed_settings(config, store, parent))


def _here(config: Config) -> Config:
    """The settings on a machine for submitting, which may lack the GPU that the job gets."""
    return replace(config, device="cpu")
