"""The number of inputs, if it is cheap to count, for the estimate of a progress bar."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

from screening.crystals.reading.inputs import find_source

_LARGEST_BYTES = 64 << 20  # counting lines of larger files takes longer than an estimate is worth


def count_inputs(source: str | Path) -> int | None:
    """Number of files in a folder or rows in a `.jsonl(.gz)`; None if counting would mean reading everything.

    Raises:
        RequestError: The source does not exist.
    """
    path = find_source(source)
    if path.is_dir():
        return sum(len(files) for _, _, files in os.walk(path))
    if not path.name.endswith((".jsonl", ".jsonl.gz")) or path.stat().st_size > _LARGEST_BYTES:
        return None
    try:
        with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as file:
            return sum(1 for line in file if line.strip())
    except (OSError, EOFError, zlib.error):
        return None  # the reader reports broken files
