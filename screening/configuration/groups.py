"""The config groups of a command and the options in each, read from the config folder without composing anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from screening.resources import resource


@dataclass(frozen=True)
class Group:
    """One choice a user makes: `name=option`. `default` is None where the user has to choose."""

    name: str
    default: str | None
    options: dict[str, str]
    """Option name -> the sentence in the first comment line of its file."""


def groups_of(command: str) -> dict[str, Group]:
    """The groups in the defaults list of `configs/COMMAND.yaml`, by name."""
    folder = resource("configs")
    root = yaml.safe_load((folder / f"{command}.yaml").read_text(encoding="utf-8"))
    entries = [entry for entry in root["defaults"] if isinstance(entry, dict)]
    return {name: Group(name, default, _options(folder / name)) for entry in entries for name, default in entry.items()}


def _options(folder: Path) -> dict[str, str]:
    return {path.stem: _sentence(path) for path in sorted(folder.glob("*.yaml"))}


def _sentence(path: Path) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.lstrip("# ").strip() if first.startswith("#") else ""
