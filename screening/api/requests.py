"""From the keywords of a call to the settings of a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import orjson

from screening.configuration import load_config
from screening.configuration.base import CommandConfig

Config = TypeVar("Config", bound=CommandConfig)

IN_MEMORY = "structures in memory"
"""What settings call candidates that are not read from a path."""
SHORT_NAMES = {
    "cards": "report.cards",
    "language": "report.language",
    "data": "data.source",
    "labels": "data.labels",
    "store": "data.path",
    "targets": "data.targets",
}
"""Keyword -> the key of the command, where they differ."""
_NOT_KEYS = {"self", "settings", "keys", "candidates", "output", "output_dir"}
_MOST_KEPT = 64


class Requests:
    """Composes settings, and gives those of the last calls again: composing takes longer than one prediction."""

    def __init__(self) -> None:
        self._kept: dict[bytes, CommandConfig] = {}

    def config(self, schema: type[Config], values: Mapping[str, Any]) -> Config:
        """Give the settings of a command.

        Args:
            schema: Of the command.
            values: Values by dotted key or group name.

        Raises:
            RequestError: A key is unknown or missing, or a value is not allowed.
        """
        asked = orjson.dumps([schema.command, values], default=str, option=orjson.OPT_SERIALIZE_NUMPY)
        config = self._kept.get(asked)
        if config is None:
            config = load_config(schema.command, values=values)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[asked] = config
        if not isinstance(config, schema):
            raise TypeError(f"expected {schema.__name__}")
        return config


def values_of(method: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Values by dotted key, of the arguments that differ from their defaults.

    Args:
        method: What was called.
        arguments: Its arguments by name, with further keys under `settings` and `keys`.
    """
    given = {
        SHORT_NAMES.get(name, name): arguments[name]
        for name, default in _defaults(method).items()
        if name not in _NOT_KEYS and arguments[name] != default
    }
    if ":" in str(given.get("tracking", "")):  # an address; other values name an option of the group
        given["tracking.uri"] = given.pop("tracking")
    return given | dict(arguments["settings"] or {}) | arguments["keys"]


def unrecorded(values: Mapping[str, Any]) -> bool:
    """Whether a call whose results stay in memory makes no MLflow run: not unless it says where."""
    return not any(key.partition(".")[0] == "tracking" for key in values)


def name_of(candidates: object) -> str:
    """What settings call the candidates."""
    return str(candidates) if isinstance(candidates, str | Path) else IN_MEMORY


@cache
def _defaults(method: Callable[..., Any]) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in inspect.signature(method).parameters.items()}
