"""Two ends of an electrode in one input: files side by side, members of archives, keys of a row, crystals in memory."""

from __future__ import annotations

import json
import os
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.mixed_folder import cif_text, poscar_text, row

from screening.crystals import Crystal, ReadSettings, Rejection, as_crystals, read_crystals

FULL = (2.9, 4.2, ["Li", "Co", "O", "O"])
EMPTY = (2.9, 4.4, ["Co", "Co", "O", "O"])  # reading does not compare the frames


def only(items: object) -> Crystal:
    (item,) = items  # type: ignore[misc]
    assert isinstance(item, Crystal), item
    return item


def holds_both(crystal: Crystal) -> bool:
    return crystal.formula == "LiCoO2" and crystal.charged is not None and crystal.charged.formula == "CoO"


@pytest.mark.parametrize(
    "stem", ["X", "a b", "кобальтат", "LiCoO2 [R-3m], x=1 #2", "LiCoO2.v2", "*"], ids=lambda stem: ascii(stem)
)
def test_a_charged_file_belongs_to_its_neighbour(stem: str, tmp_path: Path) -> None:
    folder = tmp_path / "вход [1]"
    folder.mkdir()
    (folder / f"{stem}.cif").write_text(cif_text(FULL))
    (folder / f"{stem}.charged.cif").write_text(cif_text(EMPTY))
    whole = only(read_crystals(folder))
    assert holds_both(whole)
    assert (whole.candidate_id, whole.source) == (stem, f"{stem}.cif")
    assert holds_both(only(read_crystals(folder / f"{stem}.cif")))
    assert holds_both(only(as_crystals(sorted(folder.iterdir()))))
    assert holds_both(only(read_crystals(folder, ReadSettings(workers=1))))  # through a worker process
    assert only(read_crystals(folder / f"{stem}.charged.cif")).formula == "CoO"  # asked for by name


def test_other_formats_and_other_folders(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.cif").write_text(cif_text(FULL))
    (tmp_path / "a.charged.vasp").write_text(poscar_text(EMPTY))
    (tmp_path / "b.charged.cif").write_text(cif_text((3.1, 4.4, ["Ni", "Ni", "O", "O"])))  # nobody's
    (tmp_path / "deep" / "b.cif").write_text(cif_text((3.1, 4.2, ["Li", "Ni", "O", "O"])))
    found = {item.candidate_id: item for item in read_crystals(tmp_path)}
    assert set(found) == {"a", "b.charged", "b"}
    assert holds_both(found["a"])  # type: ignore[arg-type]
    assert found["b"].charged is None  # type: ignore[union-attr]


def test_members_of_archives(tmp_path: Path) -> None:
    texts = {"in/x.charged.cif": cif_text(EMPTY), "in/x.cif": cif_text(FULL)}
    with zipfile.ZipFile(tmp_path / "first.zip", "w") as archive:
        for name, text in reversed(texts.items()):
            archive.writestr(name, text)
    for name, text in texts.items():
        (tmp_path / Path(name).name).write_text(text)
    for order in ("ordered", "reversed"):
        with tarfile.open(tmp_path / f"{order}.tar.gz", "w:gz") as tar:
            for name in sorted(texts, reverse=order == "reversed"):
                tar.add(tmp_path / Path(name).name, name)
    assert holds_both(only(read_crystals(tmp_path / "first.zip")))
    assert holds_both(only(read_crystals(tmp_path / "ordered.tar.gz")))
    alone, late = read_crystals(tmp_path / "reversed.tar.gz")
    assert isinstance(alone, Crystal)
    assert isinstance(late, Rejection)
    assert "must come first" in late.reason


@pytest.mark.parametrize(
    "keys", [("structure", "charged"), ("discharged", "charged"), ("discharge_structure", "charge_structure")]
)
def test_rows_with_both(keys: tuple[str, str], tmp_path: Path) -> None:
    full, empty = row(FULL), row(EMPTY)
    lines = [{"id": "pair", keys[0]: full, keys[1]: empty}, {"id": "single", **row((3.2, 4.2, ["Li", "Co", "O", "O"]))}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)))
    pair, single = read_crystals(tmp_path / "rows.jsonl")
    assert isinstance(pair, Crystal)
    assert pair.candidate_id == "pair"
    assert holds_both(pair)
    assert single.charged is None  # type: ignore[union-attr]


def test_a_charged_crystal_beside_the_main_keys(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(
        json.dumps({"id": "pair", **row(FULL), "charged": row(EMPTY)})
        + "\n"
        + json.dumps({**row(FULL), "charged": True})
    )
    pair, plain = read_crystals(tmp_path / "rows.jsonl")
    assert isinstance(pair, Crystal)
    assert holds_both(pair)
    assert isinstance(plain, Crystal)  # the same discharged crystal, yet no duplicate of the pair
    assert plain.charged is None


def test_a_fault_of_the_charged_crystal_refuses_the_pair(tmp_path: Path) -> None:
    crowded = row(EMPTY) | {"frac": [[0, 0, 0], [0, 0, 0.001], [0.5, 0.5, 0.5], [0.5, 0, 0]]}
    partial = row(EMPTY) | {"species": [{"Co": 0.5}, "Co", "O", "O"]}
    rows = [
        {"id": "crowded", **row(FULL), "charged": crowded},
        {"id": "partial", **row(FULL), "charged": partial},
        {"id": "broken", **row(FULL), "charged": {"lattice": 3}},
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "f.cif").write_text(cif_text(FULL))
    (tmp_path / "f.charged.cif").write_text("data_\n")
    (tmp_path / "many.cif").write_text(cif_text((3.3, 4.2, ["Li", "Co", "O", "O"])))
    (tmp_path / "many.charged.cif").write_text(cif_text(EMPTY) + cif_text(FULL))
    reasons = {item.candidate_id: item.reason for item in read_crystals(tmp_path) if isinstance(item, Rejection)}
    assert set(reasons) == {"crowded", "partial", "broken", "f", "many"}
    assert "the charged crystal: overlapping" in reasons["crowded"]
    assert "the charged crystal: partial" in reasons["partial"]
    assert "the charged crystal: no species" in reasons["broken"]
    assert "the charged crystal" in reasons["f"]
    assert "expected a single crystal" in reasons["many"]


def test_a_pipe_in_place_of_the_charged_file_does_not_hang(tmp_path: Path) -> None:
    (tmp_path / "x.cif").write_text(cif_text(FULL))
    os.mkfifo(tmp_path / "x.charged.cif")
    (item,) = read_crystals(tmp_path)
    assert isinstance(item, Rejection)
    assert "not a regular file" in item.reason


def test_crystals_in_memory_keep_their_charged_end(tmp_path: Path) -> None:
    (tmp_path / "x.cif").write_text(cif_text(FULL))
    (tmp_path / "x.charged.cif").write_text(cif_text(EMPTY))
    crystal = only(read_crystals(tmp_path))
    assert holds_both(only(as_crystals([crystal])))
    assert [item.candidate_id for item in as_crystals([crystal, replace(crystal, candidate_id="y", charged=None)])] == [
        "x",
        "y",
    ]
