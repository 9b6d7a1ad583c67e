"""Checks of a request and of a composed config beside those of the schema, in words a user understands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from screening.configuration.base import CommandConfig
from screening.configuration.groups import Group
from screening.configuration.keys import KnownKeys
from screening.configuration.overrides import Request
from screening.configuration.problems import unknown_key
from screening.configuration.trees import flattened, get
from screening.errors import RequestError
from screening.settings import Key, wrong_value


@contextmanager
def explained() -> Iterator[None]:
    """Turn errors of Hydra and OmegaConf into a RequestError."""
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        inner: BaseException | None = error
        while inner is not None and not isinstance(inner, OmegaConfBaseException):
            inner = inner.__cause__
        key = getattr(inner, "full_key", None)
        raise RequestError(f"{key}: {_first_line(inner)}" if key else _first_line(inner or error)) from error


def parsed(grammar: Mapping[str, str], known: Mapping[str, Key]) -> dict[str, Any]:
    """The values that Hydra's grammar reads. Raises RequestError if it cannot read one, or finds several in one."""
    parser = OverridesParser.create()
    values = {}
    for name, text in grammar.items():
        try:
            override = parser.parse_override(f"{name}={text}")
        except HydraException:
            override = None
        if override is None or override.is_sweep_override():
            raise RequestError(wrong_value(known.get(name, Key(name, Any)), text))
        values[name] = override.value()
    return values


def inside_sections(values: Mapping[str, Any], keys: KnownKeys, command: str) -> dict[str, Any]:
    """The values, those of a whole open section given key by key. Raises RequestError for an unknown key in it."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        inner = dict(flattened(value, name)) if name in keys.sections and isinstance(value, dict) and value else None
        for key in inner or ():
            if key not in keys.names and not keys.may_be_new(key):
                raise RequestError(unknown_key(command, key, keys.names))
        found |= inner or {name: value}
    return found


def check_keys(
    schema: type[CommandConfig],
    request: Request,
    keys: KnownKeys,
    groups: Mapping[str, Group],
    unset: list[Group],
    plain: Mapping[str, Any],
) -> None:
    """Every key is a known name, or may be new.

    Args:
        schema: Of the command.
        request: What the user asked for.
        keys: The names there are.
        groups: Of the command.
        unset: Those of them without an option.
        plain: The config without any values of the user.

    Raises:
        RequestError: A key is unknown; the message names the nearest one.
    """
    for key in request.keys:
        group = groups.get(key.partition(".")[0])
        if group in unset and "." in key:
            raise RequestError(f"{key}: choose {group.name}= first ({', '.join(group.options)})")
        added = key in request.added and keys.is_open(key)
        if key not in keys.names and not keys.may_be_new(key) and not added:
            said = schema.unknown(key, request.shown(key), plain)
            raise RequestError(said or unknown_key(schema.command, key, [*keys.names, *groups]))
    for key in request.removed:
        if not keys.is_open(key):
            raise RequestError(
                f"~{key}: only keys inside {' and '.join(keys.sections) or 'open sections'} can be removed"
            )


def check_open_sections(tree: dict[str, Any], defaults: dict[str, Any], declared: Iterable[Key]) -> None:
    """Keys of open sections have no declared type: they keep the type of the value in the chosen config file."""
    for section in (key.name for key in declared if key.is_open):
        _compare(get(tree, section), get(defaults, section), section)


def _compare(value: Any, default: Any, name: str) -> None:
    if default is None or value is None:
        return
    if not _same_kind(value, default):
        raise RequestError(wrong_value(Key(name, _kind(default)), value))
    if isinstance(default, dict):
        for key in value.keys() & default.keys():
            _compare(value[key], default[key], f"{name}.{key}")


def _kind(default: Any) -> Any:
    return dict[str, Any] if isinstance(default, dict) else type(default)


def _same_kind(value: Any, default: Any) -> bool:
    if isinstance(value, bool) or isinstance(default, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    # A whole number in a file may stand for a number: `1` where `0.5` is as good.
    number = int | float
    return isinstance(value, number if isinstance(default, number) else type(default))


def _first_line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0]
