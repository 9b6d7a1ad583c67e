"""What `candidates=` accepts, what a folder may contain, and the resulting ids and sources."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from helpers.mixed_folder import cif_text, poscar_text, row

from screening.crystals import Crystal, Rejection, read_crystals
from screening.crystals.reading import inputs as inputs_module
from screening.crystals.reading.inputs import find_source
from screening.errors import RequestError


def crystal(index: int) -> tuple[float, float, list[str]]:
    return 3.0 + 0.01 * index, 4.2, ["Li", "Co", "O", "O"]


def table(path: Path) -> dict[str, str]:
    """Source -> id, or the reason of the refusal."""
    return {
        item.source: item.reason if isinstance(item, Rejection) else item.candidate_id for item in read_crystals(path)
    }


def test_a_missing_path_is_named_with_the_bundled_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "datasets" / "candidates").mkdir(parents=True)
    for name in ("magnets", "electrodes"):
        (tmp_path / "datasets" / "candidates" / f"{name}.jsonl").write_text(json.dumps({"id": name, **row(crystal(0))}))
    monkeypatch.setattr(inputs_module, "resource", lambda kind: tmp_path / kind)
    with pytest.raises(RequestError, match=r"nowhere\.cif does not exist.*electrodes, magnets"):
        read_crystals("nowhere.cif")  # at once, not on the first step
    assert [item.candidate_id for item in read_crystals("magnets")] == ["magnets"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "magnets").mkdir()
    (tmp_path / "magnets" / "mine.cif").write_text(cif_text(crystal(1)))
    assert [item.candidate_id for item in read_crystals("magnets")] == ["mine"]


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "notes.txt", "pipe.cif"])
def test_requests_that_make_no_sense(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("x")
    os.mkfifo("pipe.cif")
    with pytest.raises(RequestError):
        read_crystals(name)


def test_an_empty_folder_is_a_wrong_request(tmp_path: Path) -> None:
    (tmp_path / ".hidden.cif").write_text("x")
    with pytest.raises(RequestError, match="contains no crystal files"):
        list(read_crystals(tmp_path))


def test_a_folder_of_everything(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "a.cif").write_text(cif_text(crystal(0)))
    (folder / "a.cif").write_text(cif_text(crystal(1)))
    (folder / "a.vasp").write_text(poscar_text(crystal(2)))
    (folder / "notes.txt").write_text("x")
    (folder / "README.md").write_text("x")
    (folder / ".hidden.cif").write_text("x")
    (folder / "back").symlink_to(folder, target_is_directory=True)
    (folder / "deep" / "other").symlink_to(tmp_path, target_is_directory=True)
    (folder / "round.cif").symlink_to("round.cif")
    (folder / "gone.cif").symlink_to("nowhere.cif")
    (tmp_path / "outside.cif").write_text(cif_text(crystal(3)))
    (folder / "linked.cif").symlink_to(tmp_path / "outside.cif")
    os.mkfifo(folder / "pipe.cif")
    found = table(folder)
    assert list(found) == sorted(found)
    assert found == {
        "a.cif": "a",
        "a.vasp": "a.vasp",
        "back": "a symbolic link loop",
        "deep/er/a.cif": "deep/er/a.cif",
        "deep/other": "a symbolic link to a folder is not followed",
        "gone.cif": "a broken symbolic link",
        "linked.cif": "linked",
        "notes.txt": "not a crystal file",
        "pipe.cif": "not a regular file",
        "round.cif": "a symbolic link loop (Too many levels of symbolic links)",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_without_permission(tmp_path: Path) -> None:
    for name in ("a.cif", "b.db"):
        (tmp_path / name).write_text("x")
        (tmp_path / name).chmod(0)
    assert set(table(tmp_path).values()) == {"unreadable: Permission denied"}


@pytest.mark.parametrize("name", ["с пробелом", "a#1", "x=1", "[1], {2}", "100%", "it's", "a.b", "-x", "結晶"])
def test_names_as_typed(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.cif"
    path.write_text(cif_text(crystal(0)), encoding="utf-8")
    (item,) = read_crystals(str(path))
    assert isinstance(item, Crystal) and item.candidate_id == name and item.source == f"{name}.cif"


def test_names_that_are_not_text(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\x1b[31m\nred.cif"
    with open(name, "w") as file:  # noqa: PTH123 (a name in bytes)
        file.write(cif_text(crystal(0)))
    (item,) = read_crystals(tmp_path)
    assert item.candidate_id == "\ufffd\ufffd[31m\ufffdred"
    item.source.encode()


def test_ids_are_unique_over_crystals_and_refusals(tmp_path: Path) -> None:
    rows = [
        {"id": "mp-1", **row(crystal(0))},
        {"id": "mp-1", **row(crystal(1))},
        {"id": "mp-1", "lattice": 0},
        {"id": "rows.jsonl#5", **row(crystal(2))},
        {"id": "mp-1", **row(crystal(3))},
        {"id": " ", **row(crystal(4))},
        {"id": "../../etc/passwd\n", **row(crystal(5))},
        {"id": None, "name": 12, **row(crystal(6))},
        {"id": "mp-2", **row(crystal(0))},
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    items = list(read_crystals(tmp_path / "rows.jsonl"))
    assert [item.candidate_id for item in items] == [
        "mp-1", "rows.jsonl#2", "rows.jsonl#3", "rows.jsonl#5", "rows.jsonl#5#2", "rows#6", "../../etc/passwd", "12",
        "mp-2",
    ]  # fmt: skip
    assert [item.source for item in items] == [f"rows.jsonl#{line}" for line in range(1, 10)]
    last = items[-1]
    assert isinstance(last, Rejection) and last.reason.startswith("exact duplicate of mp-1 ")


def test_a_single_row_takes_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text("\n" + json.dumps(row(crystal(0))) + "\n\n")
    assert table(tmp_path / "one.jsonl") == {"one.jsonl": "one"}


def test_a_folder_of_results_does_not_hide_a_bundled_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "magnets").mkdir()
    assert find_source("magnets") == Path("magnets")
    (tmp_path / "magnets" / ".screening.lock").touch()
    assert find_source("magnets").name == "magnets.jsonl"
