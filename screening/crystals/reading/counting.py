"""How many inputs there are, where that is cheap to know: for the estimate beside a progress bar."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

from screening.crystals.reading.inputs import find_source

_LARGEST_BYTES = 64 << 20  # counting the lines of more than this takes longer than an estimate is worth


def count_inputs(source: str | Path) -> int | None:
    """Files of a folder or rows of a `.jsonl(.gz)`; None where counting means reading everything.

    Raises RequestError if there is no such source.
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
        return None  # a broken file is the reader's to report
