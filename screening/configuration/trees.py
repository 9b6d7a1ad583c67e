"""Nested dictionaries addressed by dotted keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def flattened(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and value of everything that is not itself a section with keys."""
    for name, value in tree.items():
        key = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, dict) and value:
            yield from flattened(value, key)
        else:
            yield key, value


def get(tree: dict[str, Any], key: str) -> Any:
    """The value or section at a dotted key; raises KeyError."""
    found: Any = tree
    for part in key.split("."):
        found = found[part]
    return found


def put(tree: dict[str, Any], key: str, value: Any) -> None:
    """Set the value at a dotted key whose section exists."""
    section, _, name = key.rpartition(".")
    (get(tree, section) if section else tree)[name] = value


def nested(key: str, value: Any) -> dict[str, Any]:
    """The tree that holds one value, at a dotted key."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return dict(value)


def merged(tree: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A tree with the changes in it: sections are merged key by key, everything else is replaced."""
    result = dict(tree)
    for name, value in changes.items():
        own = result.get(name)
        result[name] = merged(own, value) if isinstance(own, dict) and isinstance(value, dict) else value
    return result
