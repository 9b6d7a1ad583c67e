"""Checks of a composed config that Hydra and OmegaConf do not make, in words a user understands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    ConfigTypeError,
    OmegaConfBaseException,
    ValidationError,
)

from screening.configuration.fields import Leaf
from screening.configuration.groups import Group
from screening.configuration.keys import Keys
from screening.configuration.overrides import Request
from screening.configuration.problems import unknown_key, wrong_kind, wrong_value
from screening.configuration.trees import get
from screening.errors import RequestError


@contextmanager
def explained(command: str, known: Mapping[str, Leaf], key: str = "") -> Iterator[None]:
    """Turn errors of Hydra and OmegaConf into a RequestError that names the key, the value and what was expected."""
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        inner: BaseException | None = error
        while inner is not None and not isinstance(inner, OmegaConfBaseException):
            inner = inner.__cause__
        where = getattr(inner, "full_key", None) or key
        if isinstance(inner, ConfigKeyError | ConfigAttributeError):
            raise RequestError(unknown_key(command, where, known)) from error
        if isinstance(inner, ConfigTypeError) and where in known:
            raise RequestError(wrong_kind(known[where])) from error
        if isinstance(inner, ValidationError) and where in known:
            raise RequestError(wrong_value(known[where], inner.value)) from error
        raise RequestError(_one_line(inner or error)) from error


def check_grammar(grammar: Mapping[str, str], known: Mapping[str, Leaf]) -> None:
    """Every value can be read, and is one value: a sweep over several is not something a command does."""
    parser = OverridesParser.create()
    for key, text in grammar.items():
        try:
            readable = not parser.parse_override(f"{key}={text}").is_sweep_override()
        except HydraException:
            readable = False
        if not readable:
            raise RequestError(wrong_value(known.get(key, Leaf(key, Any)), text))


def check_keys(command: str, request: Request, keys: Keys, groups: Mapping[str, Group], unset: list[Group]) -> None:
    """Every key is a known name, or may be new; raises RequestError with the nearest one."""
    for key in request.keys:
        group = groups.get(key.partition(".")[0])
        if group in unset and "." in key:
            raise RequestError(f"{key}: choose {group.name}= first ({', '.join(group.options)})")
        added = key in request.added and keys.is_open(key)
        if key not in keys.names and not keys.may_be_new(key) and not added:
            raise RequestError(unknown_key(command, key, [*keys.names, *groups]))
    for key in request.removed:
        if not keys.is_open(key):
            raise RequestError(
                f"~{key}: only keys inside {' and '.join(keys.sections) or 'open sections'} can be removed"
            )


def check_values(tree: dict[str, Any], leaves: Iterable[Leaf]) -> None:
    """Every value is within the limits and choices of its schema."""
    for leaf in leaves:
        value = get(tree, leaf.key)
        if not leaf.accepts(value):
            raise RequestError(wrong_value(leaf, value))


def check_open_sections(tree: dict[str, Any], defaults: dict[str, Any], leaves: Iterable[Leaf]) -> None:
    """Keys of open sections have no declared type: they keep the type of the value in the chosen config file."""
    for section in (leaf.key for leaf in leaves if leaf.is_open):
        _compare(get(tree, section), get(defaults, section), section)


def _compare(value: Any, default: Any, key: str) -> None:
    if default is None or value is None:
        return
    if not _same_kind(value, default):
        raise RequestError(wrong_value(Leaf(key, _kind(default)), value))
    if isinstance(default, dict):
        for name in value.keys() & default.keys():
            _compare(value[name], default[name], f"{key}.{name}")


def _kind(default: Any) -> Any:
    return dict[str, Any] if isinstance(default, dict) else type(default)


def _same_kind(value: Any, default: Any) -> bool:
    if isinstance(value, bool) or isinstance(default, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    # A whole number in a file may stand for a number: `1` where `0.5` is as good.
    number = int | float
    return isinstance(value, number if isinstance(default, number) else type(default))


def _one_line(error: BaseException) -> str:
    return " ".join(line.strip() for line in str(error).splitlines() if not line.strip().startswith("See https"))
