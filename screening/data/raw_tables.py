"""Reads published tables of measurements: CSV files and gzipped JSON lines."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from screening.errors import RequestError


def read_csv(file: Path, columns: list[str]) -> pl.DataFrame:
    """Read columns as text, with empty cells as null.

    Raises:
        RequestError: If the file is missing or is not such a table.
    """
    if not file.is_file():
        raise RequestError(f"{file} is missing; expected a table with columns {', '.join(columns)}")
    try:
        # a formula can be "NaN" (sodium nitride): only empty cells are missing values
        return pl.read_csv(file, columns=columns, schema_overrides=dict.fromkeys(columns, pl.String), null_values="")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise RequestError(f"{file}: expected a table with columns {', '.join(columns)} ({error})") from None


def json_rows(file: Path) -> Iterator[dict[str, Any]]:
    """Read the rows of a `.jsonl.gz`.

    Raises:
        RequestError: If the file or a line cannot be read; the message names it.
    """
    if not file.is_file():
        raise RequestError(f"{file} is missing; expected gzipped JSON lines")
    try:
        with gzip.open(file, "rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    raise RequestError(f"{file}, line {number}: {error}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise RequestError(f"{file}: {error}") from None
