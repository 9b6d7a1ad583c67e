"""Importers read published layouts and name what is wrong in a source."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screening.crystals import Rejection
from screening.data.importers.base import accepted
from screening.data.importers.registry import load_importer
from screening.errors import RequestError
from screening.testing import check_importer

CELL = {"lattice": [[4, 0, 0], [0, 4, 0], [0, 0, 4]], "species": ["Na", "N"], "frac": [[0, 0, 0], [0.5, 0.5, 0.5]]}


def write_rows(file: Path, rows: list[dict[str, Any]]) -> None:
    with gzip.open(file, "wt") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def materials_project(tmp_path: Path) -> Path:
    write_rows(tmp_path / "structures.jsonl.gz", [{"mp_id": f"mp-{i}", **CELL} for i in (1, 2, 3)])
    (tmp_path / "properties.csv").write_text(
        "mp_id,formula,formation_energy_eV_per_atom,band_gap_pbe_eV,energy_above_hull_eV_per_atom,"
        "total_magnetization_muB_per_cell\n"
        "mp-1,NaN,-0.5,1.25,0.0,-3.2\n"
        "mp-2,NaN,,,,\n"
        "mp-3,NaN,0.25,,,\n"
    )
    return tmp_path


def test_materials_project_labels_get_units_and_missing_ones_stay_missing(materials_project: Path) -> None:
    rows = list(accepted(load_importer("materials_project").read(materials_project), []))
    assert [row.crystal.candidate_id for row in rows] == ["mp-1", "mp-3"]
    assert rows[0].labels == {
        "formation_energy_eV_per_atom": -0.5,
        "band_gap_eV": 1.25,
        "energy_above_hull_eV_per_atom": 0.0,
        "magnetization_muB_per_A3": pytest.approx(3.2 / 64),
    }
    assert rows[1].labels == {"formation_energy_eV_per_atom": 0.25}


def test_importers_satisfy_the_contract(materials_project: Path, tmp_path: Path) -> None:
    check_importer(load_importer("materials_project"), materials_project)
    rows = [{"id": name, **CELL, "band_gap_eV": 1.5} for name in "abb"]
    write_rows(tmp_path / "own.jsonl.gz", rows)
    check_importer(load_importer("jsonl"), tmp_path / "own.jsonl.gz")
    (tmp_path / "structures").mkdir()
    write_rows(tmp_path / "structures" / "rows.jsonl.gz", rows[:2])
    (tmp_path / "values.csv").write_text("id,band_gap_eV\na,1.5\nb,2\n")
    check_importer(load_importer("csv"), tmp_path / "structures", tmp_path / "values.csv")


def test_site_moments_are_separate_crystals(materials_project: Path) -> None:
    write_rows(materials_project / "site_magmoms.jsonl.gz", [{"id": "set-0", **CELL, "magmom_muB": [1.5, -0.5]}])
    last = list(accepted(load_importer("materials_project").read(materials_project), []))[-1]
    assert last.labels == {} and last.crystal.candidate_id == "moments-set-0"
    np.testing.assert_allclose(last.site_moment_muB, [1.5, -0.5])


def test_a_missing_or_broken_source_is_named(materials_project: Path) -> None:
    (materials_project / "structures.jsonl.gz").write_bytes(b"not gzip")
    with pytest.raises(RequestError, match=r"structures\.jsonl\.gz"):
        list(load_importer("materials_project").read(materials_project))
    (materials_project / "properties.csv").unlink()
    with pytest.raises(RequestError, match=r"properties\.csv is missing"):
        list(load_importer("materials_project").read(materials_project))
    with pytest.raises(RequestError, match="kind=oqmd: not known; known: csv, jsonl, materials_project"):
        load_importer("oqmd")


def test_own_rows_with_labels(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl.gz"
    overlapping = {**CELL, "frac": [[0, 0, 0], [0, 0, 0.01]]}
    write_rows(
        file,
        [
            {"id": "a", **CELL, "band_gap_eV": 2, "site_moment_muB": [0, 1]},
            {"id": "b", **overlapping, "band_gap_eV": 1},
            {"id": "c", "lattice": 3},
            {"name": "d", **CELL, "formation_energy_eV_per_atom": -1.0},
            {"id": "a", **CELL, "band_gap_eV": 3},
        ],
    )
    rejected: list[Rejection] = []
    rows = list(accepted(load_importer("jsonl").read(file), rejected))
    assert [(row.crystal.candidate_id, row.labels) for row in rows] == [
        ("a", {"band_gap_eV": 2.0}),
        ("d", {"formation_energy_eV_per_atom": -1.0}),
    ]
    assert [(r.candidate_id, r.source, r.stage) for r in rejected] == [
        ("b", "own.jsonl.gz, line 2", "sanity"),
        ("row#3", "own.jsonl.gz, line 3", "read"),
        ("a", "own.jsonl.gz, line 5", "labels"),
    ]
    assert rejected[2].reason == "line 1 has this id already"


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ({"band_gap_eV": "wide"}, "line 1: band_gap_eV"),
        ({"band_gap_eV": True}, "line 1: band_gap_eV"),
        ({"band_gap_eV": -0.1}, "line 1: band_gap_eV: -0.1 is below 0"),
        ({"formation_energy_eV_per_atom": -230}, "is it in another unit"),
        ({"site_moment_muB": [1]}, "expected a list of 2 numbers"),
        ({"site_moment_muB": ["a", "b"]}, "expected a list of 2 numbers"),
        ({"site_moment_muB": [[0, 0, 1], [0, 0, 1]]}, "expected a list of 2 numbers"),
    ],
)
def test_wrong_labels_are_named(tmp_path: Path, label: dict[str, Any], message: str) -> None:
    write_rows(tmp_path / "own.jsonl.gz", [{"id": "a", **CELL, **label}])
    with pytest.raises(RequestError, match=message):
        list(load_importer("jsonl").read(tmp_path / "own.jsonl.gz"))


def test_rows_without_labels_are_left_out(tmp_path: Path) -> None:
    site = {"species": [{"element": "Li", "occu": 0.5}], "abc": [0, 0, 0]}
    partial = {"@class": "Structure", "lattice": {"matrix": CELL["lattice"]}, "sites": [site]}
    rows = [
        {"id": "a", **CELL},
        {"id": "b", **CELL, "band_gap_eV": None, "site_moment_muB": [None, None]},
        {"id": "c", "structure": partial, "band_gap_eV": 1.0},
        {"id": "d", **CELL, "site_moment_muB": [None, 2]},
    ]
    write_rows(tmp_path / "own.jsonl.gz", rows)
    rejected: list[Rejection] = []
    (found,) = accepted(load_importer("jsonl").read(tmp_path / "own.jsonl.gz"), rejected)
    assert found.crystal.candidate_id == "d"
    assert found.site_moment_muB is not None and np.isnan(found.site_moment_muB[0])
    assert [r.reason.partition(" (")[0] for r in rejected] == ["it has no label"] * 2 + ["partial occupancies"]


def test_a_damaged_or_missing_file_of_rows_is_named(tmp_path: Path) -> None:
    write_rows(tmp_path / "own.jsonl.gz", [{"id": str(i), **CELL, "band_gap_eV": i / 10} for i in range(200)])
    whole = (tmp_path / "own.jsonl.gz").read_bytes()
    for content in (whole[: len(whole) // 2], b"not gzip"):
        (tmp_path / "own.jsonl.gz").write_bytes(content)
        with pytest.raises(RequestError, match=r"own\.jsonl\.gz: "):
            list(load_importer("jsonl").read(tmp_path / "own.jsonl.gz"))
    with pytest.raises(RequestError, match=r"nowhere\.jsonl: no such file"):
        list(load_importer("jsonl").read(tmp_path / "nowhere.jsonl"))
