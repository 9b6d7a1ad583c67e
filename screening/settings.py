"""Typed settings: frozen dataclasses checked by pydantic, whose messages name the key and say what was expected.

Every setting of the program is declared here: the keys of commands, those of material classes and of their predictors,
the parameters of networks and the sections of a task.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from screening.errors import RequestError

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
Choices = Sequence[str] | Callable[[], Sequence[str]]

_UNKNOWN, _ABSENT = "unexpected_keyword_argument", "missing"
_IN_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text", Any: "one value"}


def setting(
    default: Any = MISSING,
    *,
    help: str | Callable[[], str],
    path: bool = False,
    choices: Choices = (),
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A field of a settings class.

    Args:
        default: Left out for a key that must be given; with its name, type checkers see it.
        help: What `--help` says of it, or a function that looks it up.
        path: Marks file names, whose `~` is expanded.
        choices: The values that are allowed, or a function that looks them up.
        minimum: The least value that is allowed.
        maximum: The greatest value that is allowed.
    """
    limits = {name: limit for name, limit in (("ge", minimum), ("le", maximum)) if limit is not None}
    metadata = {"help": help, "path": path, "choices": choices, **limits}
    if isinstance(default, list | dict):
        return field(default_factory=lambda: copy(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field, setting))
def settings_class(kind: type[T]) -> type[T]:
    """Make a class of annotated fields a frozen dataclass, whose values `build_settings` checks."""
    kind.__pydantic_config__ = {"extra": "forbid", "strict": True}  # type: ignore[attr-defined]
    for name, annotation in list(vars(kind).get("__annotations__", {}).items()):
        declared = vars(kind).get(name)
        if isinstance(declared, Field) and declared.metadata.get("choices"):
            kind.__annotations__[name] = Annotated[annotation, _Among(declared.metadata["choices"])]
    return dataclass(frozen=True, kw_only=True)(kind)


@dataclass(frozen=True)
class Key:
    """One key of a settings class.

    Attributes:
        name: Dotted name.
        type: Without `| None`.
        optional: Whether it may be null.
        required: Whether it must be given.
        default: Of a key that need not.
        help: What `--help` says of it.
        path: Whether it is a file name.
        choices: The values that are allowed; empty: any.
        minimum: The least value that is allowed.
        maximum: The greatest value that is allowed.
    """

    name: str
    type: Any
    optional: bool = False
    required: bool = False
    default: Any = None
    help: str = ""
    path: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    @property
    def is_text(self) -> bool:
        """Whether its value is taken as typed."""
        return self.type is str

    @property
    def is_open(self) -> bool:
        """Whether it is a section whose keys are not declared, but come from the chosen config file."""
        return get_origin(self.type) is dict

    @property
    def expected(self) -> str:
        """What it takes, in words: `a whole number, at least 1, or null`."""
        is_section = self.is_open or is_dataclass(self.type)
        text = _IN_WORDS.get(self.type) or ("a section of keys" if is_section else "a list such as [a,b]")
        if self.choices:
            text = ("one of " if self.is_text else "a list of any of ") + ", ".join(self.choices)
        if self.minimum is not None:
            text += f", at least {self.minimum}"
        if self.maximum is not None:
            text += f", at most {self.maximum}"
        return f"{text}, or null" if self.optional else text


def keys_of(kind: type, prefix: str = "") -> Iterator[Key]:
    """Every key of a settings class in the order of definition, those of nested sections with dotted names."""
    hints = get_type_hints(kind)
    for item in fields(kind):
        if is_dataclass(hints[item.name]):
            yield from keys_of(hints[item.name], f"{prefix}{item.name}.")
        else:
            yield _key(prefix + item.name, hints[item.name], item)


def build_settings(kind: type[T], values: Any, where: str = "") -> T:
    """The settings class `kind` from a plain dictionary.

    Args:
        kind: A settings class.
        values: Its values; lists stand for tuples, whole numbers for floats.
        where: The section in messages, for example `task.merit`.

    Raises:
        RequestError: An unknown key (with the nearest known one), a missing key or a value that is not allowed.
    """
    return _validated(kind, values, where, partial=False)  # type: ignore[return-value]


def check_settings(kind: type, values: Any, where: str = "") -> None:
    """Check values as `build_settings` does, where some may still be missing."""
    _validated(kind, values, where, partial=True)


def wrong_value(key: Key, value: Any) -> str:
    """Says that a value is of the wrong type, outside the limits or not among the choices, and what was expected."""
    return f"{key.name}={as_typed(value)}: expected {key.expected}"


def as_typed(value: Any) -> str:
    """A value the way one types it on the command line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(as_typed, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{as_typed(item)}" for key, item in value.items()) + "}"
    return str(value)


def nearest(name: str, known: Sequence[str]) -> str:
    """A clause that helps with a misspelt name: `; did you mean X?`, or the list of known names."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(sorted(known))}"


class _Among:
    """Tells pydantic which values of a text, or which items of a list, are allowed."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, value: Any) -> Any:
        if value is not None and not set(value if isinstance(value, list) else [value]) <= set(_listed(self.choices)):
            raise ValueError("not among the choices")
        return value


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    from pydantic import TypeAdapter  # a tenth of a second that `screening --help` does without

    return TypeAdapter(kind)


def _validated(kind: type[T], values: Any, where: str, *, partial: bool) -> T | None:
    from pydantic import ValidationError

    try:
        # As JSON, a list is a tuple and a whole number a float, but nothing else passes for what it is not.
        return _adapter(kind).validate_json(json.dumps(values, default=str))  # type: ignore[arg-type]
    except ValidationError as error:
        message = _message(kind, error, where, partial=partial)
    if message is not None:
        raise RequestError(message)
    return None


def _message(kind: type, error: ValidationError, where: str, *, partial: bool) -> str | None:
    """The first thing wrong: an unknown key before a missing one before a wrong value."""
    order = {_UNKNOWN: 0, _ABSENT: 1}
    found = [problem for problem in error.errors() if not (partial and problem["type"] == _ABSENT)]
    if not found:
        return None
    first = min(found, key=lambda problem: order.get(problem["type"], 2))
    steps, value = first["loc"], first["input"]
    name = _dotted(where, steps)
    if first["type"] == _UNKNOWN:
        section = _key_at(kind, steps[:-1]).type
        known = [item.name for item in fields(section)] if is_dataclass(section) else []
        return f"{name}: unknown key{nearest(str(steps[-1]), known)}"
    if first["type"] == _ABSENT:
        return f"{name}: missing"
    return wrong_value(replace(_key_at(kind, steps), name=name), value)


def _dotted(where: str, steps: tuple[int | str, ...]) -> str:
    dotted = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return f"{where}{dotted}".removeprefix(".")


def _key_at(kind: Any, steps: tuple[int | str, ...]) -> Key:
    """What the steps lead to from a settings class: through fields, items of lists and values of dictionaries."""
    found = Key("", kind)
    for step in steps:
        if is_dataclass(found.type):
            (item,) = (item for item in fields(found.type) if item.name == step)
            found = _key(item.name, get_type_hints(found.type)[item.name], item)
        else:
            inside = [arm for arm in get_args(found.type) if arm is not Ellipsis]
            found = _key("", inside[step % len(inside)] if isinstance(step, int) else inside[-1])
    return found


def _key(name: str, annotation: Any, item: Field[Any] | None = None) -> Key:
    arms = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    kinds = [arm for arm in arms if arm is not type(None)]
    said = item.metadata if item is not None else {}
    default = item.default if item is not None else None
    if item is not None and item.default_factory is not MISSING:
        default = item.default_factory()
    help_text = said.get("help", "")
    return Key(
        name,
        kinds[0] if len(kinds) == 1 else Any,
        optional=len(kinds) < len(arms),
        required=default is MISSING,
        default=None if default is MISSING else default,
        help=help_text() if callable(help_text) else help_text,
        path=said.get("path", False),
        choices=_listed(said.get("choices", ())),
        minimum=said.get("ge"),
        maximum=said.get("le"),
    )


def _listed(choices: Choices) -> tuple[str, ...]:
    return tuple(choices() if callable(choices) else choices)
