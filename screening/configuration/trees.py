"""Nested dictionaries addressed by dotted keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MISSING = "???"
"""The value of a key that the user has not given yet (OmegaConf's mark)."""


def flattened(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and value of everything that is not itself a section with keys."""
    for name, value in tree.items():
        key = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, dict) and value:
            yield from flattened(value, key)
        else:
            yield key, value


def get(tree: Mapping[str, Any], key: str) -> Any:
    """The value or section at a dotted key. Raises KeyError."""
    found: Any = tree
    for part in key.split("."):
        found = found[part]
    return found


def put(tree: dict[str, Any], key: str, value: Any) -> None:
    """Set the value at a dotted key; sections are made where they are missing."""
    *sections, name = key.split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
    tree[name] = value


def drop(tree: dict[str, Any], key: str) -> None:
    """Remove a dotted key. Raises KeyError."""
    section, _, name = key.rpartition(".")
    del (get(tree, section) if section else tree)[name]


def nested(key: str, value: Any) -> dict[str, Any]:
    """The tree that holds one value, at a dotted key."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return dict(value)


def merged(tree: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A tree with the changes in it: sections are merged key by key, everything else is replaced."""
    result = dict(tree)
    for name, value in changes.items():
        own = result.get(name)
        result[name] = merged(own, value) if isinstance(own, dict) and isinstance(value, dict) else value
    return result
