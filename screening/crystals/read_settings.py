"""What a reader accepts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReadSettings:
    """How crystals are read, and the limits beyond which one is refused.

    order: make an ordered approximant of a crystal with partial occupancies instead of refusing it.
    workers: processes that parse files; 0 parses in this process; None decides by the amount of work.
    max_atoms: most atoms in a cell as given.
    min_distance_A: closer atoms count as overlapping. The shortest distance in 63,712 Materials Project
        crystals is the H-H bond, 0.74 Å.
    min_volume_A3_per_atom, max_volume_A3_per_atom: the same crystals span 4.45 to 377 Å³ per atom but for
        two molecules in near-empty cells (732 and 735).
    elements: atomic numbers a model knows; None allows hydrogen to lawrencium.
    timeout_s: longest time for one chunk of files in a worker process, then for a single one.
    passed_over: files and folders, as absolute paths, that are no input: a run's own output inside the folder read.
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
