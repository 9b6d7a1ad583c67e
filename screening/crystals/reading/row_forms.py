"""Which forms of a crystal a decoded JSON object has, told by its keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PAIR_KEYS = (("structure", "charged"), ("discharged", "charged"), ("discharge_structure", "charge_structure"))
"""Keys of the discharged and the charged crystal of an insertion pair in a row."""

RECIPE = ("composition", "prototype")
"""Keys of a crystal that is given by its composition and its structure type."""

_MARKS = (
    ("sites", ("lattice", "@class")),
    ("lattice", ("species", "frac")),
    ("lattice_mat", ("coords", "elements")),
    ("lattice_vectors", ("cartesian_site_positions", "species_at_sites")),
    ("positions", ("numbers", "symbols")),
)
"""A key that a form has, and keys of which it has at least one."""

_INNER = ("structure", "atoms", "attributes")
"""Keys that hold the crystal of a row, in order of preference."""

_FIELD = re.compile(
    r"structure|atoms|crystal|cell|initial|final|relaxed|input|output|primitive|conventional|charge|attributes", re.I
)
"""Names that are fields of a row, not ids of crystals."""


def is_crystal(value: Any) -> bool:
    """Whether an object is a crystal itself, in one of the forms that are read."""
    return isinstance(value, Mapping) and (
        any(key in value and any(o in value for o in others) for key, others in _MARKS) or is_recipe(value)
    )


def is_recipe(value: Mapping[str, Any]) -> bool:
    """Whether an object gives a composition and a structure type instead of atoms."""
    return all(key in value for key in RECIPE) and not any(isinstance(each, Mapping | list) for each in value.values())


def inner_crystals(row: Mapping[str, Any]) -> list[str]:
    """Keys whose values are crystals."""
    return [str(key) for key, value in row.items() if is_crystal(value)]


def is_field(key: str) -> bool:
    """Whether a key names a field of a row rather than a crystal."""
    return _FIELD.search(key) is not None


def key_of_crystal(row: Mapping[str, Any]) -> str | None:
    """The key that holds the crystal of a row that is none itself; None if it holds none, or several to choose from."""
    found = inner_crystals(row)
    for key in (*(first for first, _ in PAIR_KEYS), *_INNER):
        if key in found:
            return key
    return found[0] if len(found) == 1 else None
