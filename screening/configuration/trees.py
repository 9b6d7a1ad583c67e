"""Nested dictionaries addressed by dotted keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def walk(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and value of everything that is not itself a section with keys."""
    for name, value in tree.items():
        key = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, dict) and value:
            yield from walk(value, key)
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
