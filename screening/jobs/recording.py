"""What the records of all jobs share: the settings that a result depends on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from screening.configuration import as_dict
from screening.configuration.base import CommandConfig
from screening.configuration.trees import flattened
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
