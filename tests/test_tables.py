"""Tables appear whole or not at all, keep their types, and are safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from screening.errors import RequestError
from screening.files import remove_leftovers
from screening.tables import TableWriter, read_table, write_table

FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "'=1", "plain", "", "NaN"]
FORMULAS += [*FULL_WIDTH, f"'{FULL_WIDTH}1"]


def test_spreadsheet_formulas_in_text_are_disarmed_and_numbers_are_not(tmp_path: Path) -> None:
    table = pl.DataFrame({"candidate_id": FORMULAS, "voltage_V": [-1.5] * len(FORMULAS)})
    write_table(table, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))[1:]
    assert all(row[0][:1] not in tuple(f"=+-@\t\r{FULL_WIDTH}") or row[0] == "" for row in rows)
    assert {row[1] for row in rows} == {"-1.5"}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_reads_back_as_it_was(tmp_path: Path, suffix: str) -> None:
    table = pl.DataFrame(
        {
            "candidate_id": [*FORMULAS, "007"],
            "score": [None, *(0.1 * i for i in range(len(FORMULAS)))],
            "flags": ["a;b"] * (len(FORMULAS) + 1),
        }
    )
    write_table(table, tmp_path / f"t{suffix}")
    assert_frame_equal(read_table(tmp_path / f"t{suffix}"), table)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_folder_whose_name_looks_like_a_pattern_is_read(tmp_path: Path, suffix: str) -> None:
    """Not the folder `runs b` for `runs [b]`, nor the first of many for `*`."""
    table = pl.DataFrame({"candidate_id": ["a"], "score": [0.5]})
    for name in ("runs b", "runs [b]", "what? *"):
        write_table(table.with_columns(candidate_id=pl.lit(name)), tmp_path / name / f"t{suffix}")
    assert read_table(tmp_path / "runs [b]" / f"t{suffix}")["candidate_id"].to_list() == ["runs [b]"]
    assert read_table(tmp_path / "what? *" / f"t{suffix}")["candidate_id"].to_list() == ["what? *"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
def test_any_text_survives_csv(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    write_table(pl.DataFrame({"candidate_id": texts, "n": range(len(texts))}), path)
    assert read_table(path)["candidate_id"].to_list() == texts


def test_a_name_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"t\.xlsx"):
        write_table(pl.DataFrame({"a": [1]}), tmp_path / "t.xlsx")
    with pytest.raises(RequestError, match="no such table"):
        read_table(tmp_path / "missing.csv")


def test_pieces_become_row_groups_of_one_table(tmp_path: Path) -> None:
    first = pl.DataFrame({"candidate_id": ["a"], "score": [1.0]})
    with TableWriter(tmp_path / "t.parquet") as writer:
        writer.write(first)
        assert not (tmp_path / "t.parquet").exists()
        writer.write(pl.DataFrame({"score": [2], "candidate_id": ["b"]}))
    assert writer.rows == 2
    assert_frame_equal(
        read_table(tmp_path / "t.parquet"), pl.DataFrame({"candidate_id": ["a", "b"], "score": [1.0, 2.0]})
    )


def test_an_empty_table_keeps_its_schema(tmp_path: Path) -> None:
    schema = pl.Schema({"candidate_id": pl.String, "score": pl.Float64})
    with TableWriter(tmp_path / "given.parquet", schema):
        pass
    with TableWriter(tmp_path / "written.parquet") as writer:
        writer.write(pl.DataFrame(schema=schema))
    assert read_table(tmp_path / "given.parquet").schema == schema
    assert read_table(tmp_path / "written.parquet").schema == schema


def test_a_piece_with_other_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="extra"), TableWriter(tmp_path / "t.parquet") as writer:
        writer.write(pl.DataFrame({"a": [1]}))
        writer.write(pl.DataFrame({"a": [1], "extra": [2]}))


def test_a_table_that_cannot_take_its_name_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").mkdir()
    with pytest.raises(IsADirectoryError), TableWriter(tmp_path / "t.parquet") as writer:
        writer.write(pl.DataFrame({"a": [1]}))
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_a_failed_run_leaves_the_older_table(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    old = pl.DataFrame({"a": [1]})
    write_table(old, path)
    with pytest.raises(RuntimeError), TableWriter(path) as writer:
        writer.write(pl.DataFrame({"a": [2]}))
        raise RuntimeError
    assert_frame_equal(read_table(path), old)
    assert [file.name for file in tmp_path.iterdir()] == ["t.parquet"]


KILLED = """
import os, signal, sys
from pathlib import Path
import polars as pl
from screening.tables import TableWriter
with TableWriter(Path(sys.argv[1])) as writer:
    writer.write(pl.DataFrame({"a": [1]}))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_leaves_no_half_written_table(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert not path.exists()
    with TableWriter(path) as writer:
        writer.write(pl.DataFrame({"a": [2]}))
    assert read_table(path)["a"].to_list() == [2]
    remove_leftovers(tmp_path, "t.parquet")
    assert [file.name for file in tmp_path.iterdir()] == ["t.parquet"]
