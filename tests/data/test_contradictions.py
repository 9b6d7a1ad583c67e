"""Labels that contradict each other for one crystal, and values of whole cells, do not pass without a word."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from screening.cli import main
from screening.crystals import Crystal
from screening.data.contradictions import (
    distance_invariant,
    find_contradictions,
    looks_like_whole_cells,
    without_contradictions,
)
from screening.data.store import LabelledCrystal, open_store

RUTILE = Structure.from_spacegroup(
    "P4_2/mnm", Lattice.tetragonal(4.594, 2.959), ["Ti", "O"], [[0, 0, 0], [0.3053, 0.3053, 0]]
)
ENERGY = "formation_energy_eV_per_atom"


def crystal(structure: Structure, name: str) -> Crystal:
    return Crystal.from_arrays(name, structure.lattice.matrix, structure.atomic_numbers, structure.frac_coords)


def the_same() -> dict[str, Structure]:
    """Other descriptions of one crystal."""
    rng = np.random.default_rng(0)
    turned = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    order = rng.permutation(len(RUTILE))
    moved = RUTILE.copy()
    moved.translate_sites(range(len(RUTILE)), [0.2, 0.1, 0.37])
    supercell = RUTILE.copy()
    supercell.make_supercell([[1, 1, 0], [0, 2, 0], [0, 0, 1]])
    noisy = Structure(RUTILE.lattice, RUTILE.species, np.round(RUTILE.frac_coords, 4))
    return {
        "turned": Structure(Lattice(RUTILE.lattice.matrix @ turned), RUTILE.species, RUTILE.frac_coords),
        "permuted": Structure.from_sites([RUTILE[i] for i in order]),
        "moved": moved,
        "supercell": supercell,
        "noisy": noisy,
    }


@pytest.mark.parametrize("name", list(the_same()))
def test_one_crystal_is_found_in_every_description(name: str) -> None:
    own, other = crystal(RUTILE, "a"), crystal(the_same()[name], "b")
    assert np.allclose(distance_invariant(own), distance_invariant(other), rtol=1e-3)
    rows = [LabelledCrystal(own, {ENERGY: -3.0}), LabelledCrystal(other, {ENERGY: 2.0})]
    (found,) = find_contradictions(rows)
    assert (found.rows, found.quantity) == ((0, 1), ENERGY)
    assert find_contradictions([rows[0], LabelledCrystal(other, {ENERGY: -3.05})]) == []


def test_another_crystal_of_the_formula_contradicts_nothing() -> None:
    stretched = Structure(Lattice.tetragonal(4.7, 2.9), RUTILE.species, RUTILE.frac_coords)
    shifted = Structure.from_spacegroup("P4_2/mnm", RUTILE.lattice, ["Ti", "O"], [[0, 0, 0], [0.295, 0.295, 0]])
    rows = [
        LabelledCrystal(crystal(found, str(i)), {ENERGY: -i}) for i, found in enumerate((RUTILE, stretched, shifted))
    ]
    assert find_contradictions(rows) == []


def test_stacking_variants_are_two_crystals() -> None:
    cubic = Structure.from_spacegroup("F-43m", Lattice.cubic(4.36), ["Si", "C"], [[0, 0, 0], [0.25, 0.25, 0.25]])
    a, c = 4.36 / np.sqrt(2), 4.36 * 2 / np.sqrt(3)
    hexagonal = Structure.from_spacegroup(
        "P6_3mc", Lattice.hexagonal(a, c), ["Si", "C"], [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.375]]
    )
    rows = [
        LabelledCrystal(crystal(s, n), {"band_gap_eV": g}) for s, n, g in ((cubic, "3C", 1.4), (hexagonal, "2H", 2.4))
    ]
    assert find_contradictions(rows) == []


def test_only_the_contradicting_label_is_left_out() -> None:
    other = crystal(the_same()["supercell"], "b")
    rows = [
        LabelledCrystal(crystal(RUTILE, "a"), {ENERGY: -3.0, "band_gap_eV": 1.8}),
        LabelledCrystal(other, {ENERGY: 2.0}),
        LabelledCrystal(crystal(RUTILE, "c"), {"band_gap_eV": 1.9}),
    ]
    kept = list(without_contradictions(rows, find_contradictions(rows)))
    assert isinstance(kept[0], LabelledCrystal) and kept[0].labels == {"band_gap_eV": 1.8}
    assert not isinstance(kept[1], LabelledCrystal) and kept[2] is rows[2]
    assert kept[1].reason == f"one crystal, contradicting labels: {ENERGY} is 2 here and -3 for a"


def write_rows(file: Path, rows: list[tuple[str, Structure, float]]) -> None:
    lines = [
        {
            "id": name,
            "lattice": s.lattice.matrix.tolist(),
            "species": [site.specie.symbol for site in s],
            "frac": s.frac_coords.tolist(),
            ENERGY: energy,
        }
        for name, s, energy in rows
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_import_says_what_it_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    iron = Structure(Lattice.cubic(2.87), ["Fe", "Fe"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    rows = [("a", RUTILE, -3.0), ("b", the_same()["permuted"], 2.0), ("fe", iron, 0.0)]
    write_rows(tmp_path / "rows.jsonl", rows)
    out = tmp_path / "store"
    assert main(["import", "kind=jsonl", f"source={tmp_path / 'rows.jsonl'}", f"output={out}"]) == 0
    said = capsys.readouterr()
    assert f"{ENERGY}: 2 labels of 1 crystals contradict each other by more than 0.1 and are left out" in said.err
    assert "2 left out, the first because: one crystal, contradicting labels" in said.out
    assert open_store(out).index["crystal_id"].to_list() == ["fe"]
    with (out / "contradictions.csv").open() as file:
        found = list(csv.DictReader(file))
    assert [(row["crystal_id"], float(row["value"]), row["kept"]) for row in found] == [
        ("a", -3.0, "false"), ("b", 2.0, "false"),
    ]  # fmt: skip
    with (out / "rejected.csv").open() as file:
        assert {row["candidate_id"] for row in csv.DictReader(file)} == {"a", "b"}


def test_energies_of_whole_cells_are_noticed() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for i in range(60):
        cell = RUTILE.copy()
        cell.make_supercell([int(rng.integers(1, 5)), int(rng.integers(1, 3)), 1])
        rows.append((crystal(cell, str(i)), float(rng.normal(-1.0, 0.2))))
    of_cells = [LabelledCrystal(one, {ENERGY: energy * one.n_atoms / 6}) for one, energy in rows]
    assert looks_like_whole_cells(of_cells) == [ENERGY]
    assert looks_like_whole_cells([LabelledCrystal(one, {ENERGY: energy}) for one, energy in rows]) == []
