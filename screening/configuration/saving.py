"""Settings written down: with each run, and on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import yaml

from screening.configuration.command import CommandConfig


def as_dict(config: CommandConfig) -> dict[str, Any]:
    """The settings as a plain nested dictionary."""
    return asdict(config)


def as_yaml(tree: Mapping[str, Any]) -> str:
    """A nested dictionary as YAML, keys in their own order."""
    return cast(str, yaml.safe_dump(dict(tree), sort_keys=False, allow_unicode=True, width=120))


def save_config(config: CommandConfig, path: Path) -> None:
    """Write the settings a run was made with, as YAML; the folder is made if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(as_yaml(as_dict(config)), encoding="utf-8")
    part.replace(path)
