"""ASE's SQLite databases, read without ASE, because its reader opens them for writing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from screening.crystals.reading.parts import Part, UnreadableError
from screening.crystals.reading.rows import own_id

_QUERY = "SELECT id, numbers, positions, cell, pbc, key_value_pairs FROM systems ORDER BY id"


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
            if connection.execute("SELECT type FROM sqlite_master WHERE name = 'systems'").fetchone() != ("table",):
                raise sqlite3.DatabaseError("it has no table of systems")
            count = connection.execute("SELECT COUNT(*) FROM systems").fetchone()[0]
            for row in connection.execute(_QUERY):
                rows += 1
                number = f"#{row[0]}" if count > 1 else ""
                yield _part(row, source + number, stem + number)
    except sqlite3.Error as error:
        number = f"#{rows + 1}" if rows else ""
        yield Part("sites", source + number, stem + number, reason=f"unreadable: not an ASE database ({error})")
        return
    if rows == 0:
        yield Part("sites", source, stem, reason="unreadable: the database holds no structures")


def _connect(database: Path | bytes) -> sqlite3.Connection:
    if isinstance(database, bytes):
        connection = sqlite3.connect(":memory:")
        connection.deserialize(database)
        return connection
    # mode=ro never creates, changes or locks the file
    return sqlite3.connect(f"file:{quote(str(database.resolve()))}?mode=ro", uri=True)


def _part(row: tuple[Any, ...], source: str, stem: str) -> Part:
    """ASE stores arrays as little-endian bytes (ase/db/sqlite.py) and key-value pairs as JSON."""
    from screening.crystals.reading.formats import from_positions

    _, numbers, positions, cell, pbc, pairs = row
    try:
        keys = json.loads(pairs) if pairs else {}
        sites = from_positions(
            np.frombuffer(cell, "<f8").astype(np.float64).reshape(3, 3),
            np.frombuffer(numbers, "<i4").astype(np.int64),
            np.frombuffer(positions, "<f8").astype(np.float64).reshape(-1, 3),
            [bool(pbc & 1), bool(pbc & 2), bool(pbc & 4)],
            own_id(keys) if isinstance(keys, dict) else "",
        )
    except UnreadableError as error:
        return Part("sites", source, stem, reason=f"unreadable: {error}")
    except (TypeError, ValueError) as error:
        return Part("sites", source, stem, reason=f"unreadable: a damaged database row ({error})")
    return Part("sites", source, stem, sites)
