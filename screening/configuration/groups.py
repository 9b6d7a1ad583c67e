"""The config groups of a command and the options in each, read from the config folder without composing anything.

A material class or a network of another package is an option as well; its config lies in that package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from screening import plugins
from screening.resources import resource

_KEY = re.compile(r"(?P<indent> *)(?P<name>\w+):(?: .*?)??(?:\s#(?P<remark>.*))?$")
_TASK, _NETWORK = "task", "network"
_ENTRY_POINTS = {_TASK: plugins.MATERIALS, _NETWORK: plugins.NETWORKS}


@dataclass(frozen=True)
class Group:
    """One choice a user makes: `name=option`.

    Attributes:
        name: Of the group.
        default: None where the user has to choose, or may.
        options: Name of an option -> the sentence in the first comment line of its file.
        optional: Whether the group can be left out.
    """

    name: str
    default: str | None
    options: dict[str, str]
    optional: bool = False


def groups_of(command: str) -> dict[str, Group]:
    """The groups in the defaults list of `configs/COMMAND.yaml`, by name."""
    root = yaml.safe_load((resource("configs") / f"{command}.yaml").read_text(encoding="utf-8"))
    entries = [entry for entry in root["defaults"] if isinstance(entry, dict)]
    found = [_group(key, default) for entry in entries for key, default in entry.items()]
    return {group.name: group for group in found}


def remarks(group: str, option: str) -> dict[str, str]:
    """What the comments at line ends of an option's file say of its keys: dotted key -> comment."""
    found: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    file = _bundled(group, option) or _outside(group, option)
    for line in file.read_text(encoding="utf-8").splitlines() if file else ():
        if key := _KEY.match(line):
            path = [*(step for step in path if step[0] < len(key["indent"])), (len(key["indent"]), key["name"])]
            if key["remark"]:
                found[".".join(name for _, name in path)] = key["remark"].strip()
    return found


def plugged_in(group: str, option: str) -> dict[str, Any] | None:
    """The config of an option that another package brings; None for one of this package."""
    if _bundled(group, option):
        return None
    file = _outside(group, option)
    tree: dict[str, Any] = (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file else {}
    if group == _NETWORK:
        from screening.networks.architectures import full_parameters

        tree = {"name": option} | tree | {"parameters": full_parameters(option, tree.get("parameters") or {})}
    return tree


def _group(key: str, default: str | None) -> Group:
    """From an entry of a defaults list, whose key is a group's name, `optional` before it or not."""
    name = key.removeprefix("optional ")
    return Group(name, default, _options(name), optional=name != key)


def _options(group: str) -> dict[str, str]:
    options = {path.stem: _sentence(path) for path in sorted((resource("configs") / group).glob("*.yaml"))}
    for name in plugins.names(_ENTRY_POINTS[group]) if group in _ENTRY_POINTS else ():
        if name not in options:
            file = _outside(group, name)
            options[name] = _sentence(file) if file else plugins.summary(_ENTRY_POINTS[group], name)
    return options


def _bundled(group: str, option: str) -> Path | None:
    path = resource("configs") / group / f"{option}.yaml"
    return path if path.is_file() else None


def _outside(group: str, option: str) -> Path | None:
    """The config file of a material class, or the one beside the module of a network, if it has one."""
    if group == _TASK:
        from screening.materials.registry import material_class

        return material_class(option).config
    module = plugins.source_file(_ENTRY_POINTS[group], option)
    file = module.with_suffix(".yaml") if module else None
    return file if file and file.is_file() else None


def _sentence(path: Path) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.lstrip("# ").strip() if first.startswith("#") else ""
