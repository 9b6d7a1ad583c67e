"""An estimate is right where it is given and absent where it would cost as much as the work."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from screening.crystals.reading.counting import count_inputs
from screening.errors import RequestError


def test_rows_and_files_are_counted_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("{}\n\n{}\n{}")
    with gzip.open(tmp_path / "rows.jsonl.gz", "wt") as file:
        file.write("{}\n" * 5)
    (tmp_path / "broken.jsonl.gz").write_bytes(b"not gzip")
    (tmp_path / "one.cif").write_text("data_x")
    counts = {name: count_inputs(tmp_path / name) for name in ("rows.jsonl", "rows.jsonl.gz", "broken.jsonl.gz")}
    assert counts == {"rows.jsonl": 3, "rows.jsonl.gz": 5, "broken.jsonl.gz": None}
    assert count_inputs(tmp_path) == 4
    assert count_inputs(tmp_path / "one.cif") is None
    assert count_inputs("magnets") == 61
    with pytest.raises(RequestError, match="does not exist"):
        count_inputs(tmp_path / "missing.cif")
