"""A candidate's files are the crystal that was scored, to the last digit, or are refused with a reason."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from helpers.crystals import random_crystal
from helpers.reviews import cif_of, rock_salt
from pymatgen.core import Structure
from pymatgen.io.vasp.inputs import Poscar

from screening.crystals import Crystal
from screening.errors import ScreeningError
from screening.export.crystals import CrystalFile, poscar, read_crystal_files
from screening.tracking.reviews import ReviewedFinalist


def entry(formula: str = "FeO") -> ReviewedFinalist:
    return ReviewedFinalist("=1", formula, 1, 0.5, "approve", "", "", "run")


@pytest.mark.parametrize("seed", range(4))
def test_cif_and_poscar_hold_the_same_crystal(seed: int) -> None:
    crystal = random_crystal(np.random.default_rng(seed), 12)
    original = crystal.to_structure()
    (file,) = read_crystal_files(entry(crystal.formula), {"crystal.cif": cif_of(original)})
    read_back = [Structure.from_str(file.cif.decode(), "cif"), Poscar.from_str(poscar(file)).structure]
    for structure in read_back:
        assert structure.composition == original.composition
        np.testing.assert_allclose(structure.lattice.parameters, original.lattice.parameters, atol=1e-6)
        # Sites may be in another order and cell: matched one by one.
        distances = original.lattice.get_all_distances(original.frac_coords, structure.frac_coords)
        nearest = distances.argmin(axis=1)
        assert sorted(nearest) == list(range(12)) and distances.min(axis=1).max() < 1e-5
        assert [structure[i].specie for i in nearest] == list(original.species)


@pytest.mark.ci
def test_equal_elements_stand_together_in_a_poscar_whose_first_line_is_plain() -> None:
    mixed = Structure.from_sites([rock_salt()[i] for i in (0, 4, 1, 5, 2, 6, 3, 7)])
    lines = poscar(CrystalFile("crystal", b"", Crystal.from_structure(mixed, "=1"))).splitlines()
    assert (lines[0], lines[5].split(), lines[6].split()) == ("Fe4O4", ["Fe", "O"], ["4", "4"])


@pytest.mark.ci
def test_further_crystals_are_read_and_other_files_are_not() -> None:
    files = {f"{name}.cif": cif_of(rock_salt(cation)) for name, cation in
             (("discharged", "Ni"), ("crystal", "Fe"), ("charged", "Co"), ("other", "Mn"))}  # fmt: skip
    found = read_crystal_files(entry(), files)
    assert [file.name for file in found] == ["crystal", "charged", "discharged"]
    assert [file.crystal.formula for file in found] == ["FeO", "CoO", "NiO"]


WHOLE = cif_of(rock_salt())


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no artifact crystal.cif"),
        ({"charged.cif": WHOLE}, "no artifact crystal.cif"),
        ({"crystal.cif": b""}, "crystal.cif cannot be used: unreadable: the file is empty"),
        ({"crystal.cif": b"\x89PNG\0\0"}, "binary data"),
        ({"crystal.cif": WHOLE[: len(WHOLE) // 2]}, "cannot be used"),
        ({"crystal.cif": WHOLE[: WHOLE.rindex(b"\n  O")]}, "truncated"),
        ({"crystal.cif": cif_of(rock_salt("Co"))}, "contains CoO, but the run is about FeO"),
        ({"crystal.cif": cif_of(rock_salt(a_A=1.0))}, "apart|volume"),
        ({"crystal.cif": WHOLE, "charged.cif": WHOLE[:300]}, "charged.cif cannot be used"),
    ],
)
def test_wrong_files_are_refused(files: dict[str, bytes], words: str) -> None:
    with pytest.raises(ScreeningError, match=words):
        read_crystal_files(entry(), files)


@pytest.mark.parametrize("formula", ["=cmd|' /C calc'!A0", "../../etc", "", "OFe"])
def test_the_formula_is_the_crystals_own(formula: str) -> None:
    with pytest.raises(ScreeningError, match="contains FeO"):
        read_crystal_files(entry(formula), {"crystal.cif": WHOLE})


def test_a_crystal_that_is_not_the_ranked_one_is_refused() -> None:
    ranked = replace(entry(), hashes={"crystal": hashlib.sha256(WHOLE).hexdigest()})
    assert len(read_crystal_files(ranked, {"crystal.cif": WHOLE})) == 1
    with pytest.raises(ScreeningError, match=r"crystal\.cif in MLflow is not the crystal that was ranked"):
        read_crystal_files(ranked, {"crystal.cif": cif_of(rock_salt(a_A=4.4))})
    with pytest.raises(ScreeningError, match=r"charged\.cif in MLflow is not the crystal that was ranked"):
        read_crystal_files(ranked, {"crystal.cif": WHOLE, "charged.cif": WHOLE})
    both = replace(ranked, hashes={**ranked.hashes, "charged": "0" * 64})
    with pytest.raises(ScreeningError, match=r"no artifact charged\.cif any more"):
        read_crystal_files(both, {"crystal.cif": WHOLE})
