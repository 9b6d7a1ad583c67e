"""Rows of paths from a file or from memory: each with an id of its own, or why it cannot be read."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from lzma import LZMAError
from pathlib import Path
from typing import Any

import orjson

from screening.crystals import Rejection
from screening.crystals.reading.compressed import COMPRESSIONS, decompressed
from screening.errors import RequestError

PathRow = dict[str, Any]
Paths = str | Path | Iterable[Mapping[str, Any]]
_ENDINGS = (".jsonl", ".ndjson", ".json")


def path_rows(paths: Paths) -> Iterator[PathRow | Rejection]:
    """The rows in their order, with `id` as text; a repeated id gets the number of its row behind it.

    Raises:
        RequestError: There is no such file, or it is of another kind.
    """
    if isinstance(paths, str | Path):
        file = checked_file(Path(paths))
        return _named(_lines(file), file.name)
    return _named(((number, dict(row)) for number, row in enumerate(paths, start=1)), "in memory")


def checked_file(file: Path) -> Path:
    """The file of paths. Raises RequestError if it cannot be one."""
    if not file.is_file():
        raise RequestError(f"paths={file}: no such file")
    name = file.with_suffix("") if file.suffix in COMPRESSIONS else file
    if name.suffix not in _ENDINGS:
        raise RequestError(f"paths={file}: expected FILE.jsonl, FILE.jsonl.gz or another compressed .jsonl")
    return file


def _lines(file: Path) -> Iterator[tuple[int, PathRow | str]]:
    """Number and content of each line that is not empty, or what is wrong with it."""
    number = 0
    try:
        with file.open("rb") as raw:
            for number, line in enumerate(decompressed(raw, file.suffix if file.suffix in COMPRESSIONS else ""), 1):
                if line.strip():
                    yield number, _parsed(line)
    except (OSError, EOFError, zlib.error, LZMAError) as error:
        yield number + 1, f"the file breaks off or is damaged here: {error}"


def _parsed(line: bytes) -> PathRow | str:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            row = json.loads(line)  # takes NaN, so that the row gets the reason that it deserves
        except (ValueError, RecursionError):
            return f"no JSON: {error}"
    return row if isinstance(row, dict) else "expected a JSON object with id, ion, lattice, species, frac, path_frac"


def _named(items: Iterable[tuple[int, PathRow | str]], source: str) -> Iterator[PathRow | Rejection]:
    taken: set[str] = set()
    for number, row in items:
        given = None if isinstance(row, str) else row.get("id")
        name = str(given) if isinstance(given, str | int) and str(given) else f"line {number}"
        name = name if name not in taken else f"{name}#{number}"
        taken.add(name)
        yield Rejection(name, source, "read", row) if isinstance(row, str) else row | {"id": name}
