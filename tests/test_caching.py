"""What is kept is read again, checked, and made anew where it is damaged."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from helpers.damage import flipped

from screening.caching import kept


class Work:
    """Counts how often it is done."""

    def __init__(self) -> None:
        self.done = 0

    def __call__(self) -> str:
        self.done += 1
        return "the result"


def ask(folder: Path, work: Work, key: str = "0123") -> str:
    return kept(folder, key, Path.read_text, work, lambda made, file: file.write_text(made))


def test_the_second_call_reads_and_another_key_does_not(tmp_path: Path) -> None:
    work = Work()
    assert [ask(tmp_path / "new", work) for _ in range(3)] == ["the result"] * 3
    assert work.done == 1
    ask(tmp_path / "new", work, "4567")
    assert work.done == 2
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_a_damaged_file_is_made_anew_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    work = Work()
    ask(tmp_path, work)
    (file,) = tmp_path.iterdir()
    for count, _ in enumerate(flipped(file, 20), start=2):
        caplog.clear()
        assert ask(tmp_path, work) == "the result"
        assert work.done == count and f"{file} is damaged" in caplog.text
    (tmp_path / f"0123-{'0' * 16}.safetensors").write_text("of another content")
    assert ask(tmp_path, work) == "the result"


def test_a_folder_that_cannot_be_written_to_costs_only_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    caplog.set_level(logging.WARNING, "screening")
    assert ask(tmp_path / "file", Work()) == "the result"
    assert "cannot be kept for the next time" in caplog.text
