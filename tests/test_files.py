"""Files and folders appear whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from screening.errors import RequestError
from screening.files import atomic_folder, atomic_path, output_folder, write_text_atomic


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("settings", [{}, {"durable": True}])
def test_a_file_appears_when_it_is_complete(tmp_path: Path, settings: dict[str, bool]) -> None:
    file = tmp_path / "new" / "a.txt"
    with atomic_path(file, **settings) as part:
        part.write_text("whole")
        assert not file.exists()
    assert file.read_text() == "whole"
    with pytest.raises(RuntimeError), atomic_path(file, **settings) as part:
        part.write_text("half")
        raise RuntimeError
    assert file.read_text() == "whole" and names(file.parent) == ["a.txt"]


def test_several_writers_do_not_meet(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    ready = threading.Barrier(4)

    def write(text: str) -> None:
        with atomic_path(file) as part:
            part.write_text(text)
            ready.wait(timeout=30)

    writers = [threading.Thread(target=write, args=(letter * 1000,)) for letter in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    text = file.read_text()
    assert text == text[0] * 1000 and names(tmp_path) == ["a.txt"]


def test_a_folder_replaces_the_earlier_one_when_it_is_complete(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    (folder / "old").mkdir(parents=True)
    with pytest.raises(RuntimeError), atomic_folder(folder) as part:
        raise RuntimeError
    assert names(folder) == ["old"] and names(tmp_path) == ["results"]
    with atomic_folder(folder) as part:
        (part / "new").write_text("1")
    assert names(folder) == ["new"] and names(tmp_path) == ["results"]


def test_text_replaces_a_file(tmp_path: Path) -> None:
    for text in ("ä", "µ0"):
        write_text_atomic(tmp_path / "t", text)
    assert (tmp_path / "t").read_text(encoding="utf-8") == "µ0"


def test_an_output_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    assert output_folder(tmp_path / "a" / "b", "output_dir").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match=r"output_dir=.*file: not a folder"):
        output_folder(tmp_path / "file", "output_dir")
