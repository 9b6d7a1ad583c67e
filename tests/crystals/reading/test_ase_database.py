"""A database is data: what it computes is not read, and each row is one crystal or one refusal."""

from __future__ import annotations

import json
import sqlite3
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.db import connect

from screening.chemistry.formulas import reduced_formula
from screening.crystals import ReadSettings, read_crystals
from screening.crystals.reading import ase_database
from screening.crystals.reading.ase_database import split_database
from screening.crystals.reading.examine import examine

BASE = "id INTEGER PRIMARY KEY, positions BLOB, cell BLOB, pbc INTEGER, key_value_pairs TEXT"
NUMBERS = np.array([26], dtype="<i4").tobytes()
POSITIONS, CELL = np.zeros(3).tobytes(), np.diag([3.0, 4, 5]).tobytes()


def make(path: Path, script: str, rows: Sequence[tuple[object, ...]] = ()) -> Path:
    with sqlite3.connect(path) as connection:
        connection.executescript(script)
        insert = "INSERT INTO systems (id, numbers, positions, cell, pbc, key_value_pairs) VALUES (?, ?, ?, ?, ?, ?)"
        for row in rows:
            connection.execute(insert, row)
    connection.close()
    return path


def read(path: Path) -> list[str]:
    """Formula of each row, or `-` and the reason; read in this process, whatever readers of files do."""
    outcomes = [examine(part, ReadSettings()) for part in split_database(path, path.name, path.stem)]
    return [f"- {o.reason}" if o.sites is None else reduced_formula(o.sites.numbers) for o in outcomes]


PROGRAMS = {
    "generated blob": f"CREATE TABLE systems ({BASE}, numbers BLOB GENERATED ALWAYS AS (zeroblob(1000000000)) VIRTUAL);"
    "INSERT INTO systems(id) VALUES (1), (2);",
    "stored blob": f"CREATE TABLE systems ({BASE}, numbers BLOB GENERATED ALWAYS AS (zeroblob(10)) STORED);",
    "another generated column": f"CREATE TABLE systems ({BASE}, numbers BLOB, x AS (zeroblob(1000000000)));",
    "view": "CREATE VIEW systems AS SELECT 1 id, zeroblob(1000000000) numbers, 1 positions, 1 cell, 7 pbc,"
    " '' key_value_pairs;",
    "endless view": "CREATE VIEW systems AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
    " SELECT x id, 1 numbers, 1 positions, 1 cell, 7 pbc, '' key_value_pairs FROM c;",
    "virtual table": "CREATE VIRTUAL TABLE systems USING fts5(id, numbers, positions, cell, pbc, key_value_pairs);",
    "no such table": "CREATE TABLE other (x);",
    "other columns": "CREATE TABLE systems (id INTEGER PRIMARY KEY);",
    "no number of rows": f"CREATE TABLE systems ({BASE.replace('id INTEGER', 'id TEXT')}, numbers BLOB) WITHOUT ROWID;"
    "INSERT INTO systems(id) VALUES ('a');",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_is_not_run(program: str, tmp_path: Path) -> None:
    path = make(tmp_path / "a.db", PROGRAMS[program])
    tracemalloc.start()
    try:
        started = time.process_time()
        (found,) = read(path)
        assert time.process_time() - started < 2 and tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
    assert found.startswith("- unreadable: not an ASE database")


def test_a_query_that_computes_for_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(i, NUMBERS, POSITIONS, CELL, 7, "{}") for i in range(1, 2000)]
    path = make(tmp_path / "a.db", f"CREATE TABLE systems ({BASE}, numbers BLOB);", rows)
    monkeypatch.setattr(ase_database, "_STEPS", 2)
    monkeypatch.setattr(ase_database, "_MOST_CALLS", 3)
    assert read(path) == ["- unreadable: not an ASE database (interrupted)"]


def test_each_row_is_one_crystal_or_one_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ase_database, "MAX_PART_BYTES", 10_000)
    good = (NUMBERS, POSITIONS, CELL, 7, json.dumps({"mp_id": "mp-1"}))
    rows = [
        (1, *good),
        (2, b"\0" * 20_000, *good[1:]),
        (3, None, *good[1:]),
        (4, *good[:3], 3, "{}"),
        (5, NUMBERS, POSITIONS[:-1], CELL, 7, "{}"),
        (6, NUMBERS * 2, POSITIONS, CELL, 7, "{}"),
        (7, *good[:4], "[" * 5000),
        (8, *good[:4], "not JSON"),
        (9, np.array([0], dtype="<i4").tobytes(), *good[1:]),
        (10, *good[:2], np.zeros(9).tobytes(), 7, "{}"),
        (11, *good[:3], "seven", "{}"),
        (12, NUMBERS, POSITIONS, np.diag([3.0, 4, 6]).tobytes(), 7, '{"name": "last"}'),
    ]
    found = read(make(tmp_path / "a.db", f"CREATE TABLE systems ({BASE}, numbers BLOB);", rows))
    assert len(found) == len(rows) and found[0] == found[-1] == "Fe"
    reasons = ["longer than", "damaged", "(pbc T T F)", "damaged", "2 numbers but 1", "JSON", "JSON", "not an element",
               "no lattice", "damaged"]  # fmt: skip
    assert all(reason in text for reason, text in zip(reasons, found[1:-1], strict=True)), found


def test_text_that_is_not_utf8_costs_only_its_row(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db", f"CREATE TABLE systems ({BASE}, numbers BLOB);",
                [(i, NUMBERS, POSITIONS, np.diag([3.0, 4, 4 + i]).tobytes(), 7, "{}") for i in (1, 2)])  # fmt: skip
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE systems SET key_value_pairs = CAST(x'7b22ff227d' AS TEXT) WHERE id = 1")
    connection.close()
    first, second = read(path)
    assert "not valid JSON" in first and second == "Fe"


def test_ases_own_database(tmp_path: Path) -> None:
    with connect(tmp_path / "a.db") as database:
        for number in (26, 27, 28):
            database.write(Atoms([number], cell=[3, 4, number / 6], pbc=True), jid=f"JVASP-{number}")
        del database[2]
    items = list(read_crystals(tmp_path / "a.db"))
    assert [item.candidate_id for item in items] == ["JVASP-26", "JVASP-28"]
    assert [item.source for item in items] == ["a.db#1", "a.db#3"]
