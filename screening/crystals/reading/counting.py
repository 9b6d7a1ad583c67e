"""The number of inputs, if it is cheap to count, for the estimate of a progress bar."""

from __future__ import annotations

from pathlib import Path

from screening.crystals.reading.compressed import decompressed
from screening.crystals.reading.file_kinds import file_kind
from screening.crystals.reading.inputs import find_source
from screening.crystals.reading.splitting import DAMAGED
from screening.crystals.reading.text_lines import numbered_lines
from screening.folders import files_under

_LARGEST_BYTES = 64 << 20  # counting lines of larger files takes longer than an estimate is worth


def count_inputs(source: str | Path) -> int | None:
    """Number of files in a folder or lines in a `.jsonl`, compressed or not; None if counting means reading everything.

    Raises:
        RequestError: The source does not exist.
    """
    path = find_source(source)
    if path.is_dir():
        return sum(1 for _ in files_under(path))
    kind = file_kind(path.name)
    if kind is None or kind.format != "jsonl" or path.stat().st_size > _LARGEST_BYTES:
        return None
    try:
        with path.open("rb") as file:
            lines = numbered_lines(decompressed(file, kind.compression))
            return sum(1 for _, line in lines if line is None or not line.isspace())
    except DAMAGED:
        return None  # the reader reports broken files
