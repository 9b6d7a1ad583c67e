"""Folders with anything in them: however deep, whatever lies there, and whatever happens to it meanwhile."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.mixed_folder import cif_text, poscar_text

from screening.crystals import Crystal, ReadSettings, Rejection, read_crystals
from screening.crystals.reading.bounds import open_regular
from screening.crystals.reading.counting import count_inputs
from screening.crystals.reading.inputs import walk
from screening.folders import files_under
from screening.tracking.provenance import sha256


def text(index: int) -> str:
    return poscar_text((3.0 + 0.01 * index, 4.2, ["Li", "Co", "O", "O"]))


def table(path: Path) -> dict[str, str]:
    """Source -> id, or the reason of the refusal."""
    return {
        item.source: item.reason if isinstance(item, Rejection) else item.candidate_id for item in read_crystals(path)
    }


def nested(root: Path, depth: int, name: str) -> None:
    """Folders in folders, made one by one, because their path may be longer than a system call takes."""
    here = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    file = os.open("deep.vasp", os.O_WRONLY | os.O_CREAT, dir_fd=here)
    os.write(file, text(1).encode())
    os.close(file)
    os.close(here)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with one crystal, removed by a tool that knows no limit of depth."""
    path = tmp_path / "in"
    path.mkdir()
    (path / "z.vasp").write_text(text(0))
    yield path
    subprocess.run(["rm", "-rf", path], check=True)


@pytest.mark.ci
def test_folders_a_thousand_deep(folder: Path) -> None:
    nested(folder, 1500, "d")
    assert table(folder) == {"d/" * 1500 + "deep.vasp": "deep", "z.vasp": "z"}
    assert count_inputs(folder) == 2
    assert [name for name, _ in files_under(folder)][-1].endswith("deep.vasp")
    before = sha256(folder)
    (folder / "z.vasp").write_text(text(2))
    assert sha256(folder) != before


def test_a_path_that_is_too_long_is_refused_and_the_rest_is_read(folder: Path) -> None:
    nested(folder, 30, "d" * 200)
    found = table(folder)
    assert found.pop("z.vasp") == "z"
    assert list(found.values()) == ["unreadable folder: File name too long"]
    assert sha256(folder) and count_inputs(folder) == 1


def test_whatever_lies_in_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.cif")
        os.mkfifo("pipe.cif")
        Path("device.cif").symlink_to("/dev/zero")
        Path("a\nb\t.cif").write_text(cif_text((3.1, 4.2, ["Li", "Co", "O", "O"])))
        Path("loop.cif").symlink_to("loop.cif")
        Path("up").symlink_to("..")
        Path("inner").mkdir()
        Path("inner/again").symlink_to("../inner", target_is_directory=True)
        found = table(folder)
    assert found.pop("a\ufffdb\ufffd.cif") == "a\ufffdb\ufffd" and found.pop("z.vasp") == "z"
    assert found == {
        "device.cif": "not a regular file",
        "inner/again": "a symbolic link loop",
        "loop.cif": "a symbolic link loop (Too many levels of symbolic links)",
        "pipe.cif": "not a regular file",
        "socket.cif": "not a regular file",
        "up": "a symbolic link to a folder is not followed",
    }


def test_what_vanishes_or_changes_while_it_is_read(folder: Path) -> None:
    for index in range(1, 5):
        (folder / f"{index}.vasp").write_text(text(index))
    (folder / "5").mkdir()
    (folder / "6").mkdir()
    stream = walk(folder, ReadSettings())
    assert not next(stream).reason
    (folder / "2.vasp").unlink()
    (folder / "3.vasp").unlink()
    os.mkfifo(folder / "3.vasp")
    (folder / "4.vasp").unlink()
    (folder / "4.vasp").mkdir()
    shutil.rmtree(folder / "5")
    (folder / "6").rmdir()
    (folder / "6").write_text("x")
    found = {part.source: part.reason for part in stream}
    assert found == {
        "2.vasp": "unreadable: No such file or directory",
        "3.vasp": "not a regular file",
        "4.vasp": "a folder took its place while other files were read",
        "5": "unreadable folder: No such file or directory",
        "6": "unreadable folder: Not a directory",
        "z.vasp": "",
    }


def test_a_pipe_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        open_regular(tmp_path / "pipe")


@pytest.mark.ci
def test_many_names_are_no_burden(tmp_path: Path) -> None:
    for index in range(20_000):
        (tmp_path / f"{index}.txt").touch()
    (tmp_path / "z.vasp").write_text(text(0))
    items = list(read_crystals(tmp_path))
    assert len(items) == 20_001 and isinstance(items[-1], Crystal)
