"""Which crystals train and which judge: decided by the chemical system alone.

A chemical system goes wholly to one split, by a hash of its name. So no polymorph or neighbour in composition of a
test crystal is ever trained on, data added later moves no crystal between splits, and every model released with the
same salt was kept away from the same test systems.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SPLITS = ("train", "validation", "calibration", "test")
_UPPER_EDGES = ((0.10, "test"), (0.15, "calibration"), (0.20, "validation"), (1.0, "train"))
DEFAULT_SALT = "screening-2026"


def split_of(chemical_system: str, salt: str = DEFAULT_SALT) -> str:
    """`train` (80 %), `validation` (5 %: schedules and choices), `calibration` (5 %: intervals) or `test` (10 %)."""
    digest = hashlib.sha256(f"{salt}:{chemical_system}".encode()).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    return next(name for edge, name in _UPPER_EDGES if position < edge)


def splits_of(chemical_systems: Iterable[str], salt: str = DEFAULT_SALT) -> list[str]:
    """`split_of` for many, each system hashed once."""
    systems = list(chemical_systems)
    split = {system: split_of(system, salt) for system in set(systems)}
    return [split[system] for system in systems]
