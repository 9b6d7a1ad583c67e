"""`key=value` arguments sorted by how they are read.

Hydra's grammar gives a meaning to brackets, commas, quotes, `=`, `#`, `$` and braces. A file name may hold any of them,
so text values never get there: they are taken out first and set afterwards, exactly as typed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from screening.configuration.fields import Leaf
from screening.configuration.groups import Group
from screening.configuration.keys import Keys
from screening.configuration.problems import not_a_setting, unknown_choice
from screening.errors import RequestError

_SETTING = re.compile(r"-|~[^/\\]*$|[^/\\=]*=")
"""How an argument begins that is an option, a removal or key=value."""


@dataclass
class Request:
    """What a user asked for, by how it is applied; later values of a key replace earlier ones."""

    choices: dict[str, str] = field(default_factory=dict)
    """Group -> option."""
    texts: dict[str, str | None] = field(default_factory=dict)
    """Text keys, as typed."""
    grammar: dict[str, str] = field(default_factory=dict)
    """Other keys: Hydra's grammar reads their values."""
    added: set[str] = field(default_factory=set)
    """Those of them written `+key=value`: they may be new in a section whose keys a config file chooses."""
    removed: list[str] = field(default_factory=list)
    """Keys written `~key`."""
    values: dict[str, Any] = field(default_factory=dict)
    """Other keys given as Python values."""

    @property
    def keys(self) -> list[str]:
        """Every key that is given a value, group choices left out."""
        return [*self.texts, *self.grammar, *self.removed, *self.values]

    def choices_as_overrides(self) -> list[str]:
        """The group choices as Hydra takes them."""
        return [f"{name}={option}" for name, option in self.choices.items()]

    def as_overrides(self, keys: Keys) -> list[str]:
        """All that Hydra composes; its `++` sets a key whether or not the config has it."""
        given = [
            f"{'++' if keys.is_open(key) or keys.may_be_new(key) else ''}{key}={value}"
            for key, value in self.grammar.items()
        ]
        return [*self.choices_as_overrides(), *given, *(f"~{key}" for key in self.removed)]


def named(arguments: Sequence[str], key: str) -> list[str]:
    """The arguments as key=value: one that is not, or whose key would be a path, is the value of `key` if there is one.

    Only the first is; a second one is refused like anything else that is not a setting.
    """
    found = list(arguments)
    bare = [i for i, argument in enumerate(found) if not _SETTING.match(argument)]
    if key and bare:
        found[bare[0]] = f"{key}={found[bare[0]]}"
    return found


def sort_overrides(arguments: Sequence[str], known: Mapping[str, Leaf], groups: Mapping[str, Group]) -> Request:
    """Split each argument at its first `=`. Raises RequestError for anything but key=value and unknown choices."""
    request = Request()
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if key.startswith("~") and not equals:
            request.removed.append(key[1:])
            continue
        if key.startswith("-") or not equals or not key:
            raise RequestError(not_a_setting(argument, [*known, *groups]))
        written, key = key, key.lstrip("+")
        if key in groups:
            _choose(request, groups[key], value, known)
        elif key in known and known[key].is_text:
            request.texts[key] = as_text(value, known[key])
        else:
            request.grammar[key] = value
            if written != key:
                request.added.add(key)
    return request


def add_values(
    request: Request, values: Mapping[str, Any], known: Mapping[str, Leaf], groups: Mapping[str, Group]
) -> None:
    """Add Python values by dotted key or group name. Raises RequestError for unknown choices."""
    for key, value in values.items():
        if key in groups:
            _choose(request, groups[key], str(value), known)
        elif key in known and known[key].is_text:
            request.texts[key] = as_text(value, known[key])
        else:
            request.values[key] = value


def as_text(value: Any, leaf: Leaf) -> str | None:
    """A text value as typed; `~` of a path is expanded, and `null` empties a text that is optional."""
    if leaf.optional and value in (None, "null"):
        return None
    text = os.fspath(value) if isinstance(value, os.PathLike) else str(value)
    return os.path.expanduser(text) if leaf.path else text  # noqa: PTH111 - Path() would change what was typed


def _choose(request: Request, group: Group, option: str, known: Mapping[str, Leaf]) -> None:
    """Choose an option; `GROUP=PATH` is short for `GROUP.source=PATH` where the group has such a key."""
    if option in group.options:
        request.choices[group.name] = option
        return
    source = known.get(f"{group.name}.source")
    if source is None or not _is_path(option):
        raise RequestError(unknown_choice(group.name, option, group.options, or_path=source is not None))
    request.texts[source.key] = as_text(option, source)


def _is_path(text: str) -> bool:
    """A name with a slash or a dot, or of something that is there."""
    return "/" in text or "." in text or Path(text).expanduser().exists()
