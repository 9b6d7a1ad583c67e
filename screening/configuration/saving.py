"""Settings written down: with each run, and on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from screening.configuration.base import CommandConfig
from screening.errors import RequestError
from screening.files import atomic_path
from screening.settings import build_settings

Config = TypeVar("Config", bound=CommandConfig)


def as_dict(config: CommandConfig) -> dict[str, Any]:
    """The settings as a plain nested dictionary."""
    return asdict(config)


def as_yaml(tree: Mapping[str, Any]) -> str:
    """A nested dictionary as YAML, keys in their own order."""
    return cast(str, yaml.safe_dump(dict(tree), sort_keys=False, allow_unicode=True, width=120))


def save_config(config: CommandConfig, path: Path) -> None:
    """Write the settings a run was made with, as YAML; the folder is made if it is not there."""
    with atomic_path(path) as part:  # the shards of a ranking write the same file at the same time
        part.write_text(as_yaml(as_dict(config)), encoding="utf-8")


def from_dict(schema: type[Config], tree: Mapping[str, Any]) -> Config:
    """The settings that `as_dict` wrote. Raises RequestError if they are of another command or version."""
    try:
        extended = schema.extended(tree)
    except (KeyError, TypeError):
        raise RequestError(f"these are not the settings of `screening {schema.command}`") from None
    return build_settings(extended, tree)


def read_config(schema: type[Config], path: Path) -> Config:
    """The settings that `save_config` wrote. Raises RequestError if they are not there or of another version."""
    try:
        return from_dict(schema, yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise RequestError(f"{path} is not there: expected the settings that a job has written") from None
    except (OSError, yaml.YAMLError, RequestError) as error:
        raise RequestError(f"{path} does not hold the settings of `screening {schema.command}` ({error})") from None
