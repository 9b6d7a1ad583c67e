"""Structures with a CSV of ids and labels: each row is imported or rejected, and errors name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from screening.crystals import Rejection
from screening.data.importers.base import accepted
from screening.data.importers.registry import kind_of, read_labelled
from screening.data.store import LabelledCrystal
from screening.errors import RequestError

CIF = """data_x
_cell_length_a {a}
_cell_length_b {a}
_cell_length_c {a}
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Na1 Na 0 0 0 {occupancy}
Cl1 Cl 0.5 0.5 0.5 1
"""
HEADER = "id,band_gap_eV\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three good structures, one broken, one partially occupied."""
    inside = tmp_path / "мои данные"
    (inside / "deeper").mkdir(parents=True)
    for name, a in (("a", 3.5), ("b", 3.6), ("deeper/c", 3.7)):
        (inside / f"{name}.cif").write_text(CIF.format(a=a, occupancy=1))
    (inside / "broken.cif").write_text("data_x\n")
    (inside / "partial.cif").write_text(CIF.format(a=3.8, occupancy=0.5))
    return inside


def read(source: Path, labels: Path | None = None) -> tuple[list[LabelledCrystal], list[Rejection]]:
    rejected: list[Rejection] = []
    return list(accepted(read_labelled(kind_of(source, labels), source, labels), rejected)), rejected


def test_every_crystal_and_row_is_imported_or_rejected_once(folder: Path) -> None:
    (folder / "values.csv").write_text(HEADER + "a,1.5\nb.cif,\nbroken,2\npartial,1\nnowhere,3\n")
    rows, rejected = read(folder)
    assert [(row.crystal.candidate_id, row.labels) for row in rows] == [("a", {"band_gap_eV": 1.5})]
    reasons = {r.candidate_id: r.reason for r in rejected}
    assert len(rejected) == 5 and set(reasons) == {"b", "broken", "partial", "c", "nowhere"}
    assert reasons["b"] == "no value in line 3 of values.csv"
    assert reasons["c"] == "no row in values.csv"
    assert reasons["nowhere"] == "no crystal of this id in мои данные"
    assert "partial occupancies" in reasons["partial"]
    assert {r.source for r in rejected if r.candidate_id == "nowhere"} == {"values.csv, line 6"}


@pytest.mark.parametrize("id_column", ["mp_id", "name", "candidate_id"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_ids_and_delimiters(folder: Path, id_column: str, delimiter: str) -> None:
    lines = [["note", id_column, "formation_energy_eV_per_atom", "band_gap_eV"], ["x", "deeper/c.cif", "-1.5", "0.25"]]
    table = folder.parent / "table.csv"
    table.write_text("\ufeff" + "\n".join(delimiter.join(line) for line in lines) + "\n\n", encoding="utf-8")
    rows, _ = read(folder, table)
    assert [row.labels for row in rows] == [{"formation_energy_eV_per_atom": -1.5, "band_gap_eV": 0.25}]
    assert rows[0].crystal.candidate_id == "c"


def test_the_csv_itself_may_be_the_source(folder: Path) -> None:
    (folder / "values.csv").write_text(HEADER + "a,1\n")
    (folder / "others.csv").write_text("id,price\na,3\n")
    rows, _ = read(folder / "values.csv")
    assert [row.crystal.candidate_id for row in rows] == ["a"]
    with pytest.raises(RequestError, match=r"expected one CSV .* found others\.csv, values\.csv"):
        read(folder)


def test_a_row_labels_only_one_crystal(tmp_path: Path) -> None:
    for name, a in (("x", 3.5), ("y", 3.6)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.cif").write_text(CIF.format(a=a, occupancy=1))
    (tmp_path / "values.csv").write_text(HEADER + "same,1\n")
    rows, rejected = read(tmp_path)
    assert len(rows) == 1 and len(rejected) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column of ids; expected one of id, mp_id"),
        ("crystal,band_gap_eV\na,1\n", "no column of ids"),
        ("id,price\na,1\n", "no label column; expected any of formation_energy_eV_per_atom"),
        ("id,band_gap\na,1\n", "column 'band_gap': the unit is unclear; convert it to that of band_gap_eV"),
        ("id,Band Gap (meV)\na,1\n", "the unit is unclear"),
        ("id,band_gap_eV,formation_energy_kJ_per_mol\na,1,2\n", "column 'formation_energy_kJ_per_mol': the unit"),
        ("id,band_gap_eV,band_gap_eV\na,1,2\n", "column 'band_gap_eV' occurs twice"),
        (HEADER + "a,1\nb,n/a\n", "line 3, column band_gap_eV: expected a number with a decimal point, got 'n/a'"),
        ("id;band_gap_eV\na;1,5\n", "line 2, column band_gap_eV: expected a number with a decimal point, got '1,5'"),
        (HEADER + "a,nan\n", "line 2, column band_gap_eV: expected a number"),
        (HEADER + "a,-0.5\n", "line 2, column band_gap_eV: -0.5 is below 0"),
        (HEADER + "a,1500\n", "is it in another unit"),
        (HEADER + "a,1\nb,2\na,3\n", "line 4, column id: 'a' is already in line 2"),
        (HEADER + ",1\n", "line 2, column id: the id is empty"),
        (HEADER + "a,1,2\n", "line 2: expected 2 cells, found 3"),
        (HEADER + "x,1\ny,2\n", "none of its ids ('x', 'y') is a crystal in"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, text: str, said: str) -> None:
    (folder / "values.csv").write_text(text)
    with pytest.raises(RequestError) as caught:
        read(folder)
    assert said in str(caught.value) and "values.csv" in str(caught.value)


def test_missing_and_unreadable_tables_are_named(folder: Path) -> None:
    with pytest.raises(RequestError, match="expected one CSV with the labels, found none"):
        read(folder)
    with pytest.raises(RequestError, match=r"nowhere\.csv: no such file"):
        read(folder, folder / "nowhere.csv")
    (folder / "values.csv").write_bytes(b"id,band_gap_eV\n\xff\xfe,1\n")
    with pytest.raises(RequestError, match=r"values\.csv: not readable as UTF-8 text"):
        read(folder)
    with pytest.raises(RequestError, match="only kind=csv accepts a separate file of labels"):
        list(read_labelled("jsonl", folder, folder / "values.csv"))


def test_the_kind_of_a_source(folder: Path, tmp_path: Path) -> None:
    assert kind_of(tmp_path / "rows.jsonl.gz") == "jsonl"
    assert kind_of(tmp_path / "rows.jsonl", tmp_path / "values.csv") == "csv"
    assert kind_of(folder) == "csv"
    (folder / "structures.jsonl.gz").touch()
    (folder / "properties.csv").touch()
    assert kind_of(folder) == "materials_project"
