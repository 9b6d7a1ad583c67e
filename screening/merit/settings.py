"""Frozen settings dataclasses from plain dictionaries, with unknown keys refused by name."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from screening.errors import RequestError

T = TypeVar("T")


def build_settings(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """The dataclass `kind` from a dictionary; `where` names the section in messages, for example `task.merit`.

    Raises RequestError on an unknown key (with the nearest known one), a missing key or a value of the wrong type.
    """
    if not isinstance(values, Mapping):
        raise RequestError(f"{where}: expected a section of keys, got {values!r}")
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise RequestError(f"{where}.{key}: unknown key{nearest(str(key), list(known))}")
    for name, item in known.items():
        if name not in values and item.default is MISSING and item.default_factory is MISSING:
            raise RequestError(f"{where}.{name}: missing")
    return kind(**{name: _convert(hints[name], value, f"{where}.{name}") for name, value in values.items()})


def nearest(name: str, known: Sequence[str]) -> str:
    """A clause that helps with a misspelt name: `; did you mean X?`, or the list of known names."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(sorted(known))}"


def _convert(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        (kind,) = (argument for argument in arguments if argument is not type(None))
        return _convert(kind, value, where)
    if is_dataclass(kind):
        return build_settings(kind, value, where)  # type: ignore[arg-type]
    if origin is tuple:
        return _convert_tuple(arguments, value, where)
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            raise RequestError(f"{where}: expected a section of keys, got {value!r}")
        return {str(key): _convert(arguments[1], entry, f"{where}.{key}") for key, entry in value.items()}
    return _convert_plain(kind, value, where)


def _convert_tuple(arguments: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise RequestError(f"{where}: expected a list, got {value!r}")
    if arguments[-1] is Ellipsis:
        arguments = (arguments[0],) * len(value)
    if len(arguments) != len(value):
        raise RequestError(f"{where}: expected {len(arguments)} entries, got {len(value)}")
    pairs = enumerate(zip(arguments, value, strict=True))
    return tuple(_convert(kind, entry, f"{where}[{index}]") for index, (kind, entry) in pairs)


def _convert_plain(kind: Any, value: Any, where: str) -> Any:
    if kind is Any or (isinstance(value, kind) and (kind is bool or not isinstance(value, bool))):
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    raise RequestError(f"{where}: expected {names.get(kind, kind)}, got {value!r}")
