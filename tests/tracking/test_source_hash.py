"""The hash in a record is that of what was read, or the record says that it was changed meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from screening.tracking.provenance import sha256
from screening.tracking.source_hash import SourceHash


def test_an_unchanged_file_and_folder(tmp_path: Path) -> None:
    (tmp_path / "a.cif").write_text("1")
    for path in (tmp_path, tmp_path / "a.cif"):
        assert SourceHash(path).record() == {"candidates": sha256(path)}


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_that_is_replaced_meanwhile(whole: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "a.cif"
    file.write_text("1")
    path = tmp_path if whole else file
    watched, before = SourceHash(path), sha256(path)
    times = file.stat()
    (tmp_path / ".new").write_text("2")
    (tmp_path / ".new").replace(file)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # the same size and time of change
    assert watched.record() == {"candidates_before_reading": before, "candidates_after_reading": sha256(path)}
    assert "was changed while it was read" in caplog.text


def test_a_file_that_is_gone_or_touched_or_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "a.cif"
    file.write_text("1")
    watched, before = SourceHash(file), sha256(file)
    file.write_text("1")
    assert watched.record() == {"candidates": before}
    file.unlink()
    assert watched.record() == {"candidates_before_reading": before, "candidates_after_reading": "no longer there"}


def test_a_new_file_in_a_folder_counts_unless_it_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.cif").write_text("1")
    own = tmp_path / "out"
    watched = SourceHash(tmp_path, frozenset([own.resolve()]))
    own.mkdir()
    (own / "ranking.csv").write_text("x")
    assert list(watched.record()) == ["candidates"]
    (tmp_path / "b.cif").write_text("1")
    assert list(watched.record()) == ["candidates_before_reading", "candidates_after_reading"]
