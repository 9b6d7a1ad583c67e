"""An export passes sha256sum, has the same bytes each time, and never overwrites other files."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from screening.errors import RequestError
from screening.export.archive import (
    ARCHIVE,
    CHECKSUMS,
    earlier_files,
    put_in_place,
    write_archive,
    write_checksums,
)


def build(folder: Path, **files: str) -> Path:
    """A finished export with these files (`__` for a folder)."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    write_checksums(folder)
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_sha256sum_accepts_the_checksums(tmp_path: Path) -> None:
    folder = build(tmp_path, a__crystal="x", table="y")
    checked = subprocess.run(["sha256sum", "--strict", "-c", CHECKSUMS], cwd=folder, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout) == (0, "a/crystal: OK\ntable: OK\n"), checked.stderr
    (folder / "table").write_text("z")
    assert subprocess.run(["sha256sum", "-c", CHECKSUMS], cwd=folder, capture_output=True).returncode == 1


def test_an_archive_unpacks_into_one_folder_and_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    folder = build(tmp_path / "built", b__crystal="x" * 1000, table="y")
    write_archive(folder, tmp_path / ARCHIVE)
    first = (tmp_path / ARCHIVE).read_bytes()
    (folder / "table").touch(mode=0o600)
    shutil.copytree(folder, tmp_path / "again")
    write_archive(tmp_path / "again", tmp_path / ARCHIVE)
    assert (tmp_path / ARCHIVE).read_bytes() == first
    with zipfile.ZipFile(tmp_path / ARCHIVE) as packed:
        assert packed.testzip() is None
        paths = [PurePosixPath(name) for name in packed.namelist()]
        assert {path.parts[0] for path in paths} == {"approved"}
        assert not any(".." in path.parts or path.is_absolute() for path in paths)
        packed.extractall(tmp_path / "out")
    assert contents(tmp_path / "out" / "approved") == contents(folder)


def test_a_new_export_replaces_only_the_earlier_one(tmp_path: Path) -> None:
    folder = build(tmp_path / "out", first__crystal="1", second__crystal="2", table="old")
    (folder / "notes.txt").write_text("mine")
    (folder / "second" / "notes.txt").write_text("mine")
    new = build(tmp_path / "new", third__crystal="3", table="new")
    expected = contents(new) | {"notes.txt": "mine", "second/notes.txt": "mine"}
    put_in_place(new, folder, earlier_files(folder))
    assert contents(folder) == expected
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["second", "third"]


def test_changed_files_are_not_overwritten(tmp_path: Path) -> None:
    folder = build(tmp_path / "out", table="old")
    (folder / "table").write_text("old, with precursors")
    with pytest.raises(RequestError, match="table was changed since it was exported"):
        earlier_files(folder)


def test_other_files_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "table").write_text("mine")
    new = build(tmp_path / "new", a__crystal="1", table="new")
    with pytest.raises(RequestError, match="table exists and is not from an export"):
        put_in_place(new, folder, earlier_files(folder))
    assert contents(folder) == {"table": "mine"}
    (folder / ARCHIVE).write_text("mine")
    with pytest.raises(RequestError, match=ARCHIVE):
        earlier_files(folder)


def test_an_interrupted_move_is_finished_by_the_next(tmp_path: Path) -> None:
    folder, new = tmp_path / "out", build(tmp_path / "new", a__crystal="1", table="new")
    (folder / "a").mkdir(parents=True)
    shutil.copy(new / "a" / "crystal", folder / "a" / "crystal")
    put_in_place(new, folder, earlier_files(folder))
    assert set(contents(folder)) == {"a/crystal", "table", CHECKSUMS}


def test_foreign_checksums_delete_nothing_outside(tmp_path: Path) -> None:
    outside = tmp_path / "precious"
    outside.write_text("x")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / CHECKSUMS).write_text(f"0  ../precious\n0  {outside}\nnonsense\n\n0  missing\n")
    assert earlier_files(folder) == [CHECKSUMS]
    put_in_place(build(tmp_path / "new", table="t"), folder, earlier_files(folder))
    assert outside.read_text() == "x"


def test_links_lead_no_file_out_of_the_folder(tmp_path: Path) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    (elsewhere / "crystal").write_text("kept")
    folder.mkdir()
    (folder / "a").symlink_to(elsewhere)
    with pytest.raises(RequestError, match=r"out/a: a link out of output_dir="):
        put_in_place(build(tmp_path / "new", a__crystal="x"), folder, [])
    shutil.copy(tmp_path / "new" / CHECKSUMS, folder)
    (elsewhere / "crystal").write_text("x")
    assert earlier_files(folder) == [CHECKSUMS]
    assert contents(elsewhere) == {"crystal": "x"}
