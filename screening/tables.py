"""Reading and writing the output tables; whole files only, and safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from screening.columns import known_columns
from screening.errors import RequestError
from screening.files import atomic_path, named_write_errors, part_path

if TYPE_CHECKING:
    import pyarrow.parquet as pq

REJECTED_SCHEMA = {"candidate_id": pl.String, "source": pl.String, "stage": pl.String, "reason": pl.String}

GROUP_ROWS = 4096
"""Least rows of a Parquet row group, but for the last one: smaller ones are slow to write and to read."""

METADATA = "screening"
"""The key of a Parquet file's metadata that holds the record of the job as JSON."""

# Spreadsheets run a cell that begins with one of these as a formula (OWASP, "CSV Injection").
# Full-width forms (U+FF1D and the like) count: spreadsheets of East Asia take them for the plain ones.
# Apostrophes before it are matched too, so that one more is always added and reading takes exactly one away.
_FORMULA_START = "^'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_ESCAPED_START = _FORMULA_START.replace("*", "+")


def rejected_table(rejected: Iterable[object]) -> pl.DataFrame:
    """One row for each `screening.crystals.Rejection`, or anything with these attributes."""
    rows = [tuple(getattr(rejection, name) for name in REJECTED_SCHEMA) for rejection in rejected]
    return pl.DataFrame(rows, schema=REJECTED_SCHEMA, orient="row")


def write_table(table: pl.DataFrame, path: Path) -> None:
    """Write `.parquet` or `.csv` atomically, by suffix; raises RequestError on another suffix.

    In CSV, text that begins with = + - @ (full-width as well), tab or a line break gets a leading apostrophe, so that a
    spreadsheet shows it instead of computing it; numbers are untouched, and `read_table` takes the apostrophe away.
    """
    _check_suffix(path)
    with atomic_path(path) as part:
        if path.suffix == ".parquet":
            table.write_parquet(part, compression="zstd")
        else:
            _harmless(table).write_csv(part)


def read_table(path: Path) -> pl.DataFrame:
    """Read a table that `write_table` wrote; ids and formulas stay text (`007`, `NaN` is sodium nitride)."""
    _check_suffix(path)
    if not path.is_file():
        raise RequestError(f"no such table: {path}")
    if path.suffix == ".parquet":
        return pl.read_parquet(path, glob=False)
    names = pl.read_csv(path, n_rows=0, glob=False).columns
    as_text = {name: pl.String for name in names if name in known_columns() and known_columns()[name].text}
    table = pl.read_csv(path, schema_overrides=as_text, infer_schema_length=None, glob=False)
    return table.with_columns(
        pl.when(pl.col(pl.String).str.contains(_ESCAPED_START))
        .then(pl.col(pl.String).str.slice(1))
        .otherwise(pl.col(pl.String))
        .name.keep()
    )


class TableWriter:
    """Write a Parquet table piece by piece, in bounded memory; it appears under its name only when complete.

    Use as a context manager. The first piece fixes the columns and types (or `schema`, which a table without any
    row keeps); a later piece with other columns raises ValueError.
    """

    def __init__(self, path: Path, schema: pl.Schema | None = None) -> None:
        _check_suffix(path)
        self.path = path
        self.rows = 0
        self._schema = schema
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pl.DataFrame] = []
        self._part = part_path(path)

    def __enter__(self) -> Self:
        import pyarrow.parquet  # noqa: F401 - takes a while, which is no part of writing

        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def write(self, table: pl.DataFrame) -> None:
        """Append the rows; small pieces are gathered into row groups of some thousand rows."""
        if self._schema is None:
            self._schema = table.schema
        if set(table.columns) != set(self._schema):
            other = sorted(set(table.columns) ^ set(self._schema))
            raise ValueError(f"{self.path.name}: a piece of the table has other columns: {', '.join(other)}")
        self._open()
        self.rows += table.height
        self._waiting.append(table.select(self._schema.names()).cast(self._schema))
        if sum(piece.height for piece in self._waiting) >= GROUP_ROWS:
            self._flush()

    def describe(self, record: Mapping[str, Any]) -> None:
        """Put a record into the file's own key-value metadata, as JSON under the key `screening`, after the rows."""
        import orjson

        self._open()
        if self._writer is not None:
            self._writer.add_key_value_metadata({METADATA: orjson.dumps(record, default=str).decode()})

    def _flush(self) -> None:
        if self._waiting and self._writer is not None:
            with named_write_errors(self.path):
                self._writer.write_table(pl.concat(self._waiting).to_arrow())
        self._waiting.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._complete()
            elif self._writer is not None:
                with suppress(OSError):  # a full disk, of which the first error has said it
                    self._writer.close()
        finally:
            self._part.unlink(missing_ok=True)

    def _complete(self) -> None:
        self._schema = self._schema if self._schema is not None else pl.Schema()
        self._open()
        self._flush()
        with named_write_errors(self.path):
            if self._writer is not None:
                self._writer.close()
            self._part.replace(self.path)

    def _open(self) -> None:
        if self._writer is not None or self._schema is None:
            return
        import pyarrow.parquet as pq

        arrow_schema = pl.DataFrame(schema=self._schema).to_arrow().schema
        with named_write_errors(self.path):
            self._writer = pq.ParquetWriter(self._part, arrow_schema, compression="zstd")


def _harmless(table: pl.DataFrame) -> pl.DataFrame:
    """Prefix an apostrophe to text that a spreadsheet would run."""
    text = pl.col(pl.String)
    return table.with_columns(
        pl.when(text.str.contains(_FORMULA_START)).then(pl.lit("'") + text).otherwise(text).name.keep()
    )


def _check_suffix(path: Path) -> None:
    if path.suffix not in (".parquet", ".csv"):
        raise RequestError(f"{path}: expected a table name that ends in .parquet or .csv")
