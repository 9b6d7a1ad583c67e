"""ASE's SQLite databases, read without ASE, because its reader opens them for writing.

A database is a program: views, generated columns and virtual tables compute what a query finds. Only a plain table is
read, sizes are asked for before contents, and a query that computes for long is stopped.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from screening.crystals.reading.parts import Part, UnreadableError
from screening.crystals.reading.periodicity import check_lattice, check_periodic, fractional
from screening.crystals.reading.row_ids import own_id
from screening.crystals.reading.rows import parse_json
from screening.crystals.reading.species import atomic_number
from screening.crystals.reading.text_lines import MAX_PART_BYTES, TOO_LONG
from screening.crystals.sites import Sites

_COLUMNS = {"id", "numbers", "positions", "cell", "pbc", "key_value_pairs"}
_SIZES = (
    "SELECT rowid, coalesce(length(numbers), 0) + coalesce(length(positions), 0) + coalesce(length(cell), 0)"
    " + coalesce(length(key_value_pairs), 0) FROM systems ORDER BY rowid"
)
_ROW = "SELECT numbers, positions, cell, pbc, key_value_pairs FROM systems WHERE rowid = ?"
_STEPS = 1_000_000
_MOST_CALLS = 200
"""A row needs some dozens of steps of SQLite's machine, and the number of rows about one each."""


class _Budget:
    """Stops a query after a number of steps, the same on every machine."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        return self.calls > _MOST_CALLS


def split_database(database: Path | bytes, source: str, stem: str) -> Iterator[Part]:
    """A part for each row, in the order of ASE's row ids.

    Args:
        database: A path, or the content of a file inside an archive.
        source: Where the file is, as shown to users.
        stem: Name of the file without extensions.
    """
    rows = 0
    try:
        with closing(_connect(database)) as connection:
            budget = _Budget()
            connection.set_progress_handler(budget, _STEPS)
            _check_table(connection)
            count = connection.execute("SELECT COUNT(*) FROM systems").fetchone()[0]
            for rowid, size in connection.execute(_SIZES):
                rows, budget.calls = rows + 1, 0
                number = f"#{rowid}" if count > 1 else ""
                if size > MAX_PART_BYTES:
                    yield Part("sites", source + number, stem + number, reason=f"unreadable: {TOO_LONG}")
                    continue
                row = connection.execute(_ROW, (rowid,)).fetchone()
                yield _part(row, source + number, stem + number)
    except (sqlite3.Error, UnicodeError) as error:  # its text may be anything
        number = f"#{rows + 1}" if rows else ""
        yield Part("sites", source + number, stem + number, reason=f"unreadable: not an ASE database ({error})")
        return
    if rows == 0:
        yield Part("sites", source, stem, reason="unreadable: the database holds no structures")


def _connect(database: Path | bytes) -> sqlite3.Connection:
    if isinstance(database, bytes):
        connection = sqlite3.connect(":memory:")
        connection.deserialize(database)
    else:  # mode=ro never creates, changes or locks the file
        connection = sqlite3.connect(f"file:{quote(str(database.resolve()))}?mode=ro", uri=True)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2 * MAX_PART_BYTES)
    connection.execute("PRAGMA trusted_schema = off")
    connection.execute("PRAGMA temp_store = memory")
    connection.text_factory = bytes  # text that is not UTF-8 must not end the whole database
    return connection


def _check_table(connection: sqlite3.Connection) -> None:
    """Refuse anything but a table that holds what a query of it finds."""
    kind = connection.execute("SELECT type, sql FROM sqlite_master WHERE name = 'systems'").fetchone()
    if kind is None or kind[0] != b"table":
        raise sqlite3.DatabaseError("it has no table of systems")
    columns = {row[1]: row[6] for row in connection.execute("PRAGMA table_xinfo(systems)")}
    plain = {name.decode(errors="replace") for name, hidden in columns.items() if hidden == 0}
    virtual = (kind[1] or b"").split()[1:2] != [b"TABLE"]
    if virtual or any(columns.values()) or not plain.issuperset(_COLUMNS):
        raise sqlite3.DatabaseError("its table of systems is not the plain one of ASE")


def _part(row: tuple[Any, ...] | None, source: str, stem: str) -> Part:
    try:
        return Part("sites", source, stem, _sites(row))
    except UnreadableError as error:
        return Part("sites", source, stem, reason=f"unreadable: {error}")
    except (TypeError, ValueError) as error:
        return Part("sites", source, stem, reason=f"unreadable: a damaged database row ({error})")


def _sites(row: tuple[Any, ...] | None) -> Sites:
    """ASE stores arrays as little-endian bytes (ase/db/sqlite.py) and key-value pairs as JSON."""
    if row is None:
        raise ValueError("it cannot be found by its number")
    numbers, positions, cell, pbc, pairs = row
    keys = parse_json(pairs) if pairs else {}
    lattice = np.frombuffer(cell, "<f8").astype(np.float64).reshape(3, 3)
    check_lattice(lattice)
    check_periodic([pbc & 1, pbc & 2, pbc & 4])
    species = np.array([atomic_number(int(z)) for z in np.frombuffer(numbers, "<i4")], dtype=np.int16)
    frac = fractional(np.frombuffer(positions, "<f8").astype(np.float64).reshape(-1, 3), lattice)
    if len(species) != len(frac):
        raise ValueError(f"{len(species)} numbers but {len(frac)} positions")
    return Sites(lattice, species, frac, None, own_id(keys) if isinstance(keys, dict) else "")
