"""Published tables are read as text; messages name file and line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from screening.data.raw_tables import json_rows, read_csv
from screening.errors import RequestError


def test_text_stays_text_and_only_empty_cells_are_missing(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("formula,id,value,other\nNaN,007,1.50,x\nFe,8,,y\n")
    assert read_csv(file, ["formula", "id", "value"]).rows() == [("NaN", "007", "1.50"), ("Fe", "8", None)]
    with pytest.raises(RequestError, match=r"t\.csv: expected a table with columns formula, price"):
        read_csv(file, ["formula", "price"])
    with pytest.raises(RequestError, match=r"nowhere\.csv is missing"):
        read_csv(tmp_path / "nowhere.csv", ["formula"])


def test_rows_of_json_lines_and_a_broken_line(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"a": 1}\n{"a": 2}\n'))
    assert list(json_rows(file)) == [{"a": 1}, {"a": 2}]
    file.write_bytes(gzip.compress(b'{"a": 1}\n{"a": \n'))
    with pytest.raises(RequestError, match=r"t\.jsonl\.gz, line 2"):
        list(json_rows(file))
    file.write_bytes(gzip.compress(b'{"a": 1}\n' * 1000)[:-12])
    with pytest.raises(RequestError, match=r"t\.jsonl\.gz"):
        list(json_rows(file))
    with pytest.raises(RequestError, match="is missing"):
        list(json_rows(tmp_path / "nowhere.jsonl.gz"))
