"""The record of an output folder's runs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from screening.errors import ScreeningError
from screening.tracking.run_file import RUN_FILE, RunRecord, is_copy, read_record, record_at, write_record


def test_a_record_comes_back(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None
    record = RunRecord("k", "r", "sqlite:///x.db", "1", {"б": "c"})
    write_record(tmp_path, record)
    assert read_record(tmp_path) == replace(record, folder=str(tmp_path.resolve()))


def test_an_older_record_is_understood(tmp_path: Path) -> None:
    old = {"run_id": "r", "tracking_uri": "u", "experiment_id": "1"}
    (tmp_path / RUN_FILE).write_text(json.dumps(old))
    assert read_record(tmp_path) == RunRecord("r", "r", "u", "1", {})


def test_in_another_store_only_the_key_stays() -> None:
    record = RunRecord("k", "r", "u", "1", {"a": "b"})
    assert record_at(record, "u", "1") is record
    assert record_at(record, "other", "1") == RunRecord("k", None, "other", "1", {})
    assert record_at(None, "u", "1").key != record_at(None, "u", "1").key


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"run_id": "r"}', '{"run_id": "r", "finalists": 1}'])
def test_an_invalid_record_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / RUN_FILE).write_text(text)
    with pytest.raises(ScreeningError, match=RUN_FILE):
        read_record(tmp_path)


def test_a_copied_folder_is_told_from_a_moved_one(tmp_path: Path) -> None:
    one, copy, moved = tmp_path / "one [a]", tmp_path / "copy", tmp_path / "moved"
    one.mkdir()
    write_record(one, RunRecord("k", "r", "u", "1"))
    record = read_record(one)
    assert record is not None and not is_copy(record, one)
    shutil.copytree(one, copy)
    assert is_copy(record, copy)
    (tmp_path / "link").symlink_to(one)
    assert not is_copy(record, tmp_path / "link")
    one.rename(moved)
    assert not is_copy(record, moved) and not is_copy(record, copy)
    one.mkdir()
    write_record(one, RunRecord("another", "r2", "u", "1"))
    assert not is_copy(record, moved)
