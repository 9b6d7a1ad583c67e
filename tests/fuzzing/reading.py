"""Files read as a worker process reads them, but in this one, which takes a hundredth of the time for a small one."""

from __future__ import annotations

from pathlib import Path

from screening.crystals import ReadSettings
from screening.crystals.reading.examine import examine
from screening.crystals.reading.parts import Outcome
from screening.crystals.reading.unpacking import split_here


def read_here(path: Path, settings: ReadSettings) -> list[Outcome]:
    """The outcome of each part of a file."""
    return [examine(part, settings) for part in split_here(path, path.name, None, settings)]
