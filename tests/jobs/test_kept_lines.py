"""Answers that survive a kill."""

from __future__ import annotations

from pathlib import Path

from screening.jobs.kept_lines import KeptLines


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    file = tmp_path / "new" / "kept.jsonl"
    with KeptLines(file) as kept:
        kept.add("a", {"x": 1.5})
        kept.add("b", {"x": None})
    with KeptLines(file) as kept:
        assert ("a" in kept, len(kept), kept["b"]) == (True, 2, {"x": None})


def test_damaged_lines_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    with KeptLines(file) as kept:
        for key in "abc":
            kept.add(key, {"x": 1.5})
    first, second, third = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first + second.replace(b"1.5", b"1.6") + third[:-5])
    with KeptLines(file) as kept:
        assert ("a" in kept, "b" in kept, "c" in kept) == (True, False, False)
        kept.add("c", {"x": 2.0})
    with KeptLines(file) as kept:
        assert kept["c"] == {"x": 2.0}


def test_without_a_file_they_are_kept_in_memory() -> None:
    with KeptLines(None) as kept:
        kept.add("a", {"x": 1})
        assert kept["a"] == {"x": 1}
