"""`key=value` arguments sorted by how they are read.

Hydra's grammar gives a meaning to brackets, commas, quotes, `=`, `#`, `$` and braces. A file name may hold any of them,
so text values never get there: they are taken out first and set afterwards, exactly as typed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from screening.configuration.base import CommandConfig
from screening.configuration.groups import Group
from screening.configuration.problems import not_a_setting, unknown_choice
from screening.errors import RequestError
from screening.settings import Key, as_typed, keys_of

_SETTING = re.compile(r"-|~[^/\\]*$|[^/\\=]*=")
"""How an argument begins that is an option, a removal or key=value."""


@dataclass
class Request:
    """What a user asked for, by how it is applied; later values of a key replace earlier ones.

    Attributes:
        choices: Group -> option.
        texts: Text keys, as typed.
        grammar: Other keys: Hydra's grammar reads their values.
        added: Those of them written `+key=value`: they may be new in a section whose keys a config file chooses.
        removed: Keys written `~key`.
        values: Other keys given as Python values.
    """

    choices: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str | None] = field(default_factory=dict)
    grammar: dict[str, str] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)
    removed: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """Every key that is given a value, group choices left out."""
        return [*self.texts, *self.grammar, *self.removed, *self.values]

    def shown(self, key: str) -> str:
        """The value of a key that is not a text, as typed."""
        return self.grammar[key] if key in self.grammar else as_typed(self.values.get(key))

    def pass_over(self, known: Container[str], allowed: Callable[[str, str], bool]) -> None:
        """Forget the unknown keys that are allowed, by name and value."""
        for given in (self.grammar, self.values):
            for key in [key for key in given if key not in known and allowed(key, self.shown(key))]:
                del given[key]


def named(arguments: Sequence[str], key: str) -> list[str]:
    """The arguments as key=value: one that is not, or whose key would be a path, is the value of `key` if there is one.

    Only the first is; a second one is refused like anything else that is not a setting.
    """
    found = list(arguments)
    bare = [i for i, argument in enumerate(found) if not _SETTING.match(argument)]
    if key and bare:
        found[bare[0]] = f"{key}={found[bare[0]]}"
    return found


def read_request(
    arguments: Sequence[str], values: Mapping[str, Any], schema: type[CommandConfig], groups: Mapping[str, Group]
) -> Request:
    """Read what a user asked for by the keys of a schema.

    Args:
        arguments: `key=value` texts; each is split at its first `=`.
        values: Python values by dotted key or group name, which replace those.
        schema: Of the command.
        groups: Of the command.

    Raises:
        RequestError: An argument is not key=value, or chooses an option that a group does not have.
    """
    known = {key.name: key for key in keys_of(schema)}
    request = Request()
    for argument in arguments:
        _read(argument, request, known, groups)
    for name, value in values.items():
        if name in groups:
            _choose(request, groups[name], str(value), known)
        elif name in known and known[name].is_text:
            request.texts[name] = as_text(value, known[name])
        else:
            request.values[name] = value
    for name, option in schema.implied(request.texts).items():
        request.choices.setdefault(name, option)
    return request


def _read(argument: str, request: Request, known: Mapping[str, Key], groups: Mapping[str, Group]) -> None:
    written, equals, value = argument.partition("=")
    if written.startswith("~") and not equals:
        request.removed.append(written[1:])
        return
    if written.startswith("-") or not equals or not written:
        raise RequestError(not_a_setting(argument, [*known, *groups]))
    name = written.lstrip("+")
    if name in groups:
        _choose(request, groups[name], value, known)
    elif name in known and known[name].is_text:
        request.texts[name] = as_text(value, known[name])
    else:
        request.grammar[name] = value
        if written != name:
            request.added.add(name)


def as_text(value: Any, key: Key) -> str | None:
    """A text value as typed; `~` of a path is expanded, and `null` empties a text that is optional."""
    if key.optional and value in (None, "null"):
        return None
    text = os.fspath(value) if isinstance(value, os.PathLike) else str(value)
    return os.path.expanduser(text) if key.path else text  # noqa: PTH111 - Path() would change what was typed


def _choose(request: Request, group: Group, option: str, known: Mapping[str, Key]) -> None:
    """Choose an option; `GROUP=PATH` is short for `GROUP.source=PATH` where the group has such a key."""
    if option in group.options:
        request.choices[group.name] = option
        return
    source = known.get(f"{group.name}.source")
    if source is None or not _is_path(option):
        raise RequestError(unknown_choice(group.name, option, group.options, or_path=source is not None))
    request.texts[source.name] = as_text(option, source)


def _is_path(text: str) -> bool:
    """A name with a slash or a dot, or of something that is there."""
    return "/" in text or "." in text or Path(text).expanduser().exists()
