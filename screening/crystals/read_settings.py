"""What readers of crystals accept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReadSettings:
    """How crystals are read, and the limits beyond which a crystal is refused.

    Attributes:
        order: Make an ordered approximant of a crystal with partial occupancies instead of refusing it.
        workers: Processes that parse files; 0: parse in this process what is small, the rest in one; None: decide by
            the amount of work.
        max_atoms: Most atoms in a cell.
        min_distance_A: Closer atoms count as overlapping. The shortest distance in 63,712 crystals of the Materials
            Project is the H-H bond, 0.74 Å.
        min_volume_A3_per_atom: Smallest volume; the same crystals have 4.45 Å³ per atom or more.
        max_volume_A3_per_atom: Largest volume; they have up to 377 Å³ per atom, except for two molecules in nearly
            empty cells (732 and 735).
        elements: Atomic numbers that a model knows; None: hydrogen to lawrencium.
        timeout_s: Longest processor time of a worker process for one crystal; by the clock, three times as long.
        passed_over: Files and folders to skip, as absolute paths: a run's own output inside the folder that it reads.
    """

    order: bool = False
    workers: int | None = None
    max_atoms: int = 1000
    min_distance_A: float = 0.5
    min_volume_A3_per_atom: float = 3.0
    max_volume_A3_per_atom: float = 400.0
    elements: frozenset[int] | None = None
    timeout_s: float = 60.0
    passed_over: frozenset[Path] = frozenset()
