"""Presets: named changes of a task's sections, kept in the task's own file and chosen with `prefer=NAME`.

A preset lies between the task's settings and what the user gives: it replaces the former and yields to the latter.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from screening.configuration.problems import unknown_preset
from screening.configuration.trees import drop, flattened, merged, nested
from screening.errors import RequestError
from screening.settings import as_typed

logger = logging.getLogger(__name__)
CHOICE, SECTION, PRESETS = "prefer", "task", "task.presets"


def preset_of(tree: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The changes that a preset makes, as a tree of the whole config.

    Raises RequestError naming the task's presets for one that it does not have, and for one that changes no section.
    """
    task = tree[SECTION]
    if name not in task["presets"]:
        raise RequestError(unknown_preset(task["name"], name, task["presets"]))
    changes = task["presets"][name]
    sections = [key for key, value in task.items() if isinstance(value, dict) and key != "presets"]
    if not isinstance(changes, dict) or not set(changes) <= set(sections):
        raise RequestError(f"task.presets.{name}: expected changes of {' or '.join(sections)}, got {as_typed(changes)}")
    return {SECTION: changes}


def apply(tree: dict[str, Any], preset: Mapping[str, Any], given: Iterable[str]) -> dict[str, Any]:
    """The tree with the preset's changes but for the keys that the user has given, or that lie in or around those.

    A section that the preset sets to null is removed.
    """
    result = tree
    kept = list(given)
    for key, value in flattened(dict(preset)):
        if not any(_same_branch(key, own) for own in kept):
            changed = merged(result, nested(key, value))
            if value is None and any(known.startswith(f"{key}.") for known, _ in flattened(result)):
                drop(changed, key)
            result = changed
    return result


def check_given(preset: Mapping[str, Any], given: Mapping[str, Any], keys: Iterable[str], name: str) -> None:
    """Say where a key that the user gave differs from what the chosen preset would set; the key wins.

    Args:
        preset: The changes as a tree of the whole config; empty without a preset.
        given: What the user gave, by dotted key.
        keys: The class's own keys, which also stand in `task.merit`.
        name: The preset.

    Raises:
        RequestError: A key and its entry in `task.merit` are both given, and differ.
    """
    changes = dict(flattened(dict(preset)))
    for key in keys:
        entry = f"{SECTION}.merit.{key}"
        if {key, entry} <= given.keys() and _differ(given[key], given[entry]):
            raise RequestError(f"{key}={given[key]} and {entry}={given[entry]}: two names of one setting; give one")
        used = given.get(key, given.get(entry))
        if used is not None and entry in changes and _differ(used, changes[entry]):
            logger.warning("prefer=%s sets %s=%s; %s, as given, is used", name, key, changes[entry], used)


def _differ(one: Any, other: Any) -> bool:
    return bool(one != other and str(one) != str(other))


def _same_branch(one: str, other: str) -> bool:
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")
