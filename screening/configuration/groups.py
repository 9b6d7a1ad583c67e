"""The config groups of a command and the options in each, read from the config folder without composing anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from screening.resources import resource

_KEY = re.compile(r"(?P<indent> *)(?P<name>\w+):(?: .*?)??(?:\s#(?P<remark>.*))?$")


@dataclass(frozen=True)
class Group:
    """One choice a user makes: `name=option`. `default` is None where the user has to choose, or may (`optional`)."""

    name: str
    default: str | None
    options: dict[str, str]
    """Option name -> the sentence in the first comment line of its file."""
    optional: bool = False


def groups_of(command: str) -> dict[str, Group]:
    """The groups in the defaults list of `configs/COMMAND.yaml`, by name."""
    folder = resource("configs")
    root = yaml.safe_load((folder / f"{command}.yaml").read_text(encoding="utf-8"))
    entries = [entry for entry in root["defaults"] if isinstance(entry, dict)]
    found = [_group(folder, key, default) for entry in entries for key, default in entry.items()]
    return {group.name: group for group in found}


def remarks(group: str, option: str) -> dict[str, str]:
    """What the comments at line ends say of the keys of `configs/GROUP/OPTION.yaml`: dotted key -> comment."""
    found: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    for line in (resource("configs") / group / f"{option}.yaml").read_text(encoding="utf-8").splitlines():
        if key := _KEY.match(line):
            path = [*(step for step in path if step[0] < len(key["indent"])), (len(key["indent"]), key["name"])]
            if key["remark"]:
                found[".".join(name for _, name in path)] = key["remark"].strip()
    return found


def _group(folder: Path, key: str, default: str | None) -> Group:
    """From an entry of a defaults list, whose key is a group's name, `optional` before it or not."""
    name = key.removeprefix("optional ")
    return Group(name, default, _options(folder / name), optional=name != key)


def _options(folder: Path) -> dict[str, str]:
    return {path.stem: _sentence(path) for path in sorted(folder.glob("*.yaml"))}


def _sentence(path: Path) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.lstrip("# ").strip() if first.startswith("#") else ""
