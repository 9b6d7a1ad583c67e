"""Tables of Wyckoff sites become the crystals that their rows describe, or a refusal that names the row."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from screening.crystals import Crystal
from screening.crystals.reading.wyckoff_table import NEEDED, checked_cell, has_ordered_cell, primitive_cell, read_rows
from screening.errors import RequestError

IRON = {
    "name": "iron", "formula": "Fe", "spacegroup": "229", "a": "2.866", "b": "2.866", "c": "2.866", "alpha": "90",
    "beta": "90", "gamma": "90", "sites": "Fe 0 0 0", "ordered": "yes",
}  # fmt: skip


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_row_becomes_its_conventional_cell(tmp_path: Path) -> None:
    (row,) = read_rows(written(tmp_path / "own.csv", [IRON]))
    cell = checked_cell(row)
    assert len(cell.structure) == 2
    assert cell.structure.volume == pytest.approx(2.866**3)
    assert not cell.approximant


def test_fractions_are_positions_too() -> None:
    quartered = {**IRON, "spacegroup": "225", "sites": "Fe 0 0 0; Al 1/4 1/4 1/4", "formula": "FeAl2"}
    assert checked_cell(quartered).structure.composition.reduced_formula == "Al2Fe"


def test_a_shared_site_needs_an_ordered_approximant() -> None:
    shared = {**IRON, "sites": "Fe:0.5+Co:0.5 0 0 0", "formula": "FeCo", "ordered": "no"}
    assert not has_ordered_cell(shared)
    assert not checked_cell(shared).structure.is_ordered
    assert primitive_cell(shared, "x").properties["id"] == "iron"  # type: ignore[union-attr]
    cell = {f"{name}_ordered": IRON[name] for name in ("a", "b", "c", "alpha", "beta", "gamma")}
    ordered = {**shared, **cell, "spacegroup_ordered": "221", "sites_ordered": "Fe 0 0 0; Co 1/2 1/2 1/2"}
    assert has_ordered_cell(ordered)
    assert checked_cell(ordered).approximant
    crystal = primitive_cell(ordered, "own.csv#1")
    assert isinstance(crystal, Crystal)
    assert (crystal.candidate_id, crystal.source, crystal.parent_space_group) == ("iron", "own.csv#1", 229)
    assert crystal.flags == ("ordered_approximant",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"formula": "FeCo"}, "iron: built Fe2, the table says FeCo"),
        ({"formula": ""}, "iron: formula is missing"),
        ({"formula": "Fe(2"}, r"iron: 'Fe\(2' is not a formula"),
        ({"nsites_conv": "4"}, "iron: built 2 sites, the table says 4"),
        ({"nsites_conv": "two"}, "iron: nsites_conv=two: expected a number or nothing"),
        ({"sites": "Fe:x 0 0 0"}, "iron: no structure can be built"),
        ({"sites": "Fe 0 0 0;"}, "iron: expected SPECIES x y z; ..., found ''"),
        ({"sites": "Fe:0.5+Co:0.5 0 0 0", "formula": "FeCo"}, "iron: marked as ordered, but some atoms share a site"),
        ({"sites": "Fe 0 0"}, "iron: expected SPECIES x y z; ..., found 'Fe 0 0'"),
        ({"sites": "Fe 0 0 1/0"}, "iron: no structure can be built"),
        ({"sites": ""}, "iron: expected SPECIES x y z"),
        ({"spacegroup": "231"}, "iron: no structure can be built"),
        ({"spacegroup": "x"}, "iron: no structure can be built"),
        ({"a": "-"}, "iron: no structure can be built"),
        ({"a": "3"}, "iron: no structure can be built"),
    ],
)
def test_what_cannot_be_built_is_refused_by_name(change: dict[str, str], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        checked_cell({**IRON, **change})


def test_a_table_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"none\.csv does not exist"):
        read_rows(tmp_path / "none.csv")
    with pytest.raises(RequestError, match=r"own\.csv: column sites is missing; expected the columns name"):
        read_rows(written(tmp_path / "own.csv", [{name: IRON[name] for name in NEEDED if name != "sites"}]))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(RequestError, match=r"empty\.csv: no rows"):
        read_rows(tmp_path / "empty.csv")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    with pytest.raises(RequestError, match=r"binary\.csv"):
        read_rows(tmp_path / "binary.csv")


def test_sodium_nitride_stays_text(tmp_path: Path) -> None:
    (row,) = read_rows(written(tmp_path / "own.csv", [{**IRON, "formula": "NaN"}]))
    assert row["formula"] == "NaN"
