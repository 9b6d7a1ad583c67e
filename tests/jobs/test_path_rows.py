"""Rows of paths: their ids, and what is said of lines that are none."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest

from screening.crystals import Rejection
from screening.errors import RequestError
from screening.jobs.path_rows import path_rows


def read(file: Path) -> list[tuple[str, str]]:
    """Id of each row, and the reason if it was refused."""
    return [
        (item.candidate_id, item.reason) if isinstance(item, Rejection) else (item["id"], "")
        for item in path_rows(file)
    ]


def lines(*rows: Any) -> bytes:
    return b"".join((row if isinstance(row, bytes) else orjson.dumps(row)) + b"\n" for row in rows)


def test_ids_are_unique_and_text(tmp_path: Path) -> None:
    file = tmp_path / "paths.jsonl"
    file.write_bytes(lines({"id": "a"}, {"id": 7}, b"", {"id": "a"}, {}, {"id": ["x"]}))
    assert [name for name, _ in read(file)] == ["a", "7", "a#4", "line 5", "line 6"]


def test_a_line_that_is_no_object_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "paths.jsonl.gz"
    file.write_bytes(gzip.compress(lines({"id": "a"}, b'{"id": ', [1, 2], b'{"id": "n", "frac": [[NaN, 0, 0]]}')))
    (first, second, third, last) = read(file)
    assert (first, last) == (("a", ""), ("n", ""))
    assert second[0] == "line 2" and second[1].startswith("no JSON")
    assert third == ("line 3", "expected a JSON object with id, ion, lattice, species, frac, path_frac")


def test_a_file_that_breaks_off_gives_what_it_has(tmp_path: Path) -> None:
    file = tmp_path / "paths.jsonl.gz"
    rows = [{"id": f"row {n}", "text": str(hash(str(n)))} for n in range(3000)]
    file.write_bytes(gzip.compress(lines(*rows))[:-2000])
    *found, last = read(file)
    assert [name for name, _ in found] == [row["id"] for row in rows[: len(found)]] and found
    assert "breaks off" in last[1]


@pytest.mark.parametrize("name", ["missing.jsonl", "paths.csv", "paths.csv.gz"])
def test_other_files_are_wrong_requests(tmp_path: Path, name: str) -> None:
    (tmp_path / "paths.csv").write_text("id\n")
    (tmp_path / "paths.csv.gz").write_text("id\n")
    with pytest.raises(RequestError, match="paths="):
        list(path_rows(tmp_path / name))


def test_rows_in_memory() -> None:
    assert [row["id"] for row in path_rows([{"id": "x"}, {}]) if not isinstance(row, Rejection)] == ["x", "line 2"]
