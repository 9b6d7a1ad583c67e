"""Typed settings: frozen dataclasses checked by pydantic, whose messages name the key and say what was expected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar, dataclass_transform, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from screening.errors import RequestError

T = TypeVar("T")
REQUIRED = "???"
"""Default of a key that the user must give (OmegaConf's mark for a missing value)."""

_EXPECTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a section of keys",
    "mapping_type": "a section of keys",
    "dataclass_type": "a section of keys",
}


def setting(
    default: Any = MISSING,
    *,
    help: str,
    path: bool = False,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A field of a settings class.

    Args:
        default: Left out for a key that must be given. A tuple makes a key that takes a list.
        help: What `--help` says of it.
        path: Marks file names, whose `~` is expanded.
        choices: The values that are allowed.
        minimum: The least value that is allowed.
        maximum: The greatest value that is allowed.
    """
    metadata = {"help": help, "path": path, "choices": choices, "minimum": minimum, "maximum": maximum}
    return field(default=REQUIRED if default is MISSING else default, metadata=metadata)


@dataclass_transform(frozen_default=True, field_specifiers=(field, setting))
def settings_class(kind: type[T]) -> type[T]:
    """Make a class of annotated fields a frozen dataclass whose values and keys `build_settings` checks."""
    kind.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[attr-defined]
    return dataclass(frozen=True)(kind)


def build_settings(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """The settings class `kind` from a plain dictionary.

    Args:
        kind: A dataclass.
        values: Its values; lists stand for tuples, whole numbers for floats.
        where: The section in messages, for example `task.merit`.

    Raises:
        RequestError: An unknown key (with the nearest known one), a missing key or a value of the wrong type.
    """
    if not isinstance(values, Mapping):
        raise RequestError(f"{where}: expected a section of keys, got {values!r}")
    try:
        # As JSON, a list is a tuple and a whole number a float, but nothing else passes for what it is not.
        return _adapter(kind).validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        raise RequestError(_message(kind, error, where)) from None


def nearest(name: str, known: Sequence[str]) -> str:
    """A clause that helps with a misspelt name: `; did you mean X?`, or the list of known names."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(sorted(known))}"


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(kind)


def _message(kind: type, error: ValidationError, where: str) -> str:
    """The first thing wrong: an unknown key before a missing one before a wrong value."""
    order = {"unexpected_keyword_argument": 0, "missing": 1}
    first = min(error.errors(), key=lambda found: order.get(found["type"], 2))
    key = where
    for step in first["loc"]:
        key += f"[{step}]" if isinstance(step, int) else f".{step}"
    if first["type"] == "unexpected_keyword_argument":
        return f"{key}: unknown key{nearest(str(first['loc'][-1]), _keys_at(kind, first['loc'][:-1]))}"
    if first["type"] in ("missing", "missing_argument"):
        return f"{key}: missing"
    expected = _EXPECTED.get(first["type"])
    said = f"expected {expected}" if expected else first["msg"][:1].lower() + first["msg"][1:]
    return f"{key}: {said}, got {first['input']!r}"


def _keys_at(kind: Any, steps: tuple[int | str, ...]) -> list[str]:
    """The keys of the section that the steps lead to from a settings class."""
    for step in steps:
        kind = get_type_hints(kind).get(str(step), kind) if is_dataclass(kind) else kind
        while arms := get_args(kind):
            kind = next((arm for arm in arms if is_dataclass(arm) or get_args(arm)), arms[-1])
    return [item.name for item in fields(kind)] if is_dataclass(kind) else []
