"""What the records of all jobs share: the settings that a result depends on, and what ran in the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from screening.configuration import as_dict
from screening.configuration.base import CommandConfig
from screening.configuration.trees import flattened
from screening.crystals.reading.dispatch import worker_count
from screening.jobs.loaded import Files, file_states
from screening.materials.predictors import Predictors
from screening.networks.predictor import precision_name
from screening.networks.streaming import BATCH_ATOMS
from screening.potentials.base import Potential
from screening.tracking.provenance import sha256
from screening.tracking.ranking_folder import RECORD
from screening.tracking.run_file import read_record

_NOT_OF_THE_RESULT = {
    "output_dir", "shard", "shards", "workers", "device", "batch_atoms", "debug", "tracking", "top", "report",
}  # fmt: skip


def settings_of_result(config: CommandConfig | Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a result depends on, by dotted key; those of the machine, of places and of pages are left out.

    Args:
        config: The settings of a command, or the entry `config` of its `run.json`.
    """
    tree = as_dict(config) if isinstance(config, CommandConfig) else config
    return dict(flattened({name: value for name, value in tree.items() if name not in _NOT_OF_THE_RESULT}))


def settings_of_ranking(folder: Path, config: CommandConfig | Mapping[str, Any], review: str | None) -> dict[str, Any]:
    """The same of a ranking; review: the run that it respects the decisions of.

    Where that is the folder's own, the key `review` changes nothing: the decisions are in the run that goes on.
    """
    settings = settings_of_result(config)
    if is_own(folder, review):
        settings.pop("review", None)
    return settings


def is_own(folder: Path, run_id: str | None) -> bool:
    """Whether a run is the one that holds the results of a folder."""
    record = read_record(folder)
    return run_id is not None and record is not None and record.run_id == run_id


def changed_settings(folder: Path, config: CommandConfig, review: str | None) -> list[str]:
    """The settings in which a ranking differs from what the folder's `run.json` says; none without one.

    Only those that both know are compared. review: as in `settings_of_ranking`.
    """
    try:
        earlier = json.loads((folder / RECORD).read_text(encoding="utf-8"))["config"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    theirs, ours = settings_of_result(earlier), json.loads(json.dumps(settings_of_ranking(folder, config, review)))
    return sorted(key for key, value in ours.items() if theirs.get(key, value) != value)


def what_ran(config: CommandConfig, predictors: Predictors) -> dict[str, Any]:
    """Entries of a record: what `auto` and null came to, and the models by the key that chose them.

    Args:
        config: The settings of the job.
        predictors: What it predicted with.
    """
    network, asked = predictors.network, as_dict(config)
    resolved = on_device(network.device, asked) | {
        "precision": precision_name(asked["precision"], network.device),
        "batch_atoms": asked.get("batch_atoms") or BATCH_ATOMS[network.device.type],
    }
    models = {
        key: {"asked": asked.get(key), "name": path.name, "sha256": model_sha256(path)}
        for key, path in predictors.folders.items()
    }
    models["model"] |= {"name": network.config.name, "version": network.registered or None}
    if predictors.potential is not None:
        models["relax"] = potential_record(asked.get("relax"), predictors.potential)
    return {"resolved": resolved, "models": models}


def hashes_of(ran: Mapping[str, Any]) -> dict[str, str]:
    """The hashes of the models among the entries of `what_ran`."""
    return {key: model["sha256"] for key, model in ran["models"].items() if model["sha256"]}


def potential_record(asked: object, potential: Potential) -> dict[str, Any]:
    """A potential in a record: as it was asked for, its name and the hash of its weights, null if it has no file."""
    file = potential.checkpoint
    return {"asked": asked, "name": potential.name, "sha256": None if file is None else model_sha256(file)}


def model_sha256(place: Path) -> str:
    """SHA-256 of a model's file or folder, computed once until its files change, as models are loaded once."""
    return _hashed(place, file_states(place))


@lru_cache(maxsize=64)
def _hashed(place: Path, _: Files) -> str:
    return sha256(place)


def on_device(device: torch.device, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Where a job ran: the device with its name, and the processes that read crystals."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    found: dict[str, Any] = {"device": f"{device.type} ({name})" if name else device.type}
    return found | ({"workers": worker_count(asked["workers"])} if "workers" in asked else {})


def read_from(candidates: object, count: int) -> dict[str, Any]:
    """Where the candidates came from, and how many there were."""
    place = str(candidates) if isinstance(candidates, str | Path) else "in memory"
    return {"read_from": place, "count": count}
