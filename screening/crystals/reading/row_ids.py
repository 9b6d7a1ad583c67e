"""The id in a row, under the keys of the databases that rows come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

ID_KEYS = (
    "id",
    "mp_id",
    "material_id",
    "entry_id",
    "task_id",
    "name",
    "battery_id",
    "mat_id",
    "jid",
    "immutable_id",
    "oqmd_id",
    "auid",
)
"""Keys for the id of a row, in order of preference."""

_TEXT_OF_OBJECT = ("string", "identifier", "$oid")
"""Where the text is in ids that are objects: those of the Materials Project's libraries, and of MongoDB."""


def own_id(row: Mapping[str, Any]) -> str:
    """The id in a row as text; empty if it has none."""
    for key in ID_KEYS:
        text = _text(row.get(key))
        if text:
            return text
    return ""


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        value = next((value[key] for key in _TEXT_OF_OBJECT if key in value), None)
    if isinstance(value, bool) or not isinstance(value, (str, int, float, np.integer)) or value != value:
        return ""
    return str(value).strip()
