"""Splits by chemical system.

A hash of its name puts a whole chemical system into one split. So no polymorph and no similar composition of a test
crystal is ever in the training data, later data do not move crystals between splits, and all models released with the
same salt have the same test systems.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SPLITS = ("train", "validation", "calibration", "test")
_UPPER_EDGES = ((0.10, "test"), (0.15, "calibration"), (0.20, "validation"), (1.0, "train"))
DEFAULT_SALT = "screening-2026"


def split_of(chemical_system: str, salt: str = DEFAULT_SALT) -> str:
    """The split of a system: `train` (80 %), `validation` (5 %), `calibration` of intervals (5 %) or `test` (10 %)."""
    digest = hashlib.sha256(f"{salt}:{chemical_system}".encode()).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    return next(name for edge, name in _UPPER_EDGES if position < edge)


def splits_of(chemical_systems: Iterable[str], salt: str = DEFAULT_SALT) -> list[str]:
    """`split_of` for many crystals; each system is hashed once."""
    systems = list(chemical_systems)
    split = {system: split_of(system, salt) for system in set(systems)}
    return [split[system] for system in systems]
