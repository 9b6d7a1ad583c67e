"""Voids and inserted ions: known sites are found for any cell, orientation and order of atoms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals import Crystal
from screening.materials.electrodes.end_members.images import distances
from screening.materials.electrodes.end_members.insertion import enlarged, fill
from screening.materials.electrodes.end_members.voids import find_voids

Known = Callable[[str], Crystal]

IONS = [
    ("LiCoO2", "Li"), ("LiFePO4", "Li"), ("LiMn2O4", "Li"), ("LiTiS2", "Li"), ("LiFeSO4F", "Li"), ("LiMnPO4", "Li"),
    ("MgTi2S4", "Mg"), ("NaCoO2", "Na"), ("NaMnO2", "Na"), ("NaTiS2", "Na"), ("LiC6", "Li"),
]  # fmt: skip


def without(crystal: Crystal, ion: str) -> tuple[Crystal, np.ndarray]:
    held = crystal.numbers == ATOMIC_NUMBERS[ion]
    return replace(crystal, numbers=crystal.numbers[~held], frac=crystal.frac[~held]), crystal.frac[held]


@pytest.mark.parametrize(("name", "ion"), IONS)
def test_ions_go_back_to_where_they_were(known: Known, name: str, ion: str) -> None:
    host, sites = without(known(name), ion)
    filled = fill(host, ion, len(sites))
    assert filled is not None
    assert filled.added == len(sites)
    added = filled.crystal.frac[filled.crystal.numbers == ATOMIC_NUMBERS[ion]]
    limit = 0.7 if name == "LiFeSO4F" else 0.5  # its site is long, and the ion off its middle
    assert distances(host.lattice, sites, added, 2.0).min(axis=1).max() < limit


def rotation() -> np.ndarray:
    q, r = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    return np.asarray(q * np.sign(np.diag(r)))


def changed(host: Crystal, how: str) -> Crystal:
    rng = np.random.default_rng(7)
    if how == "rotated":
        return replace(host, lattice=host.lattice @ rotation())
    if how == "reordered":
        order = rng.permutation(host.n_atoms)
        return replace(host, numbers=host.numbers[order], frac=host.frac[order])
    if how == "shifted":
        return replace(host, frac=host.frac + np.array([0.31, -0.17, 1.23]))
    if how == "other cell":
        matrix = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
        return replace(host, lattice=matrix @ host.lattice, frac=host.frac @ np.linalg.inv(matrix))
    return enlarged(host, 2)


@pytest.mark.parametrize("how", ["rotated", "reordered", "shifted", "other cell", "doubled"])
@pytest.mark.parametrize(("name", "ion"), [("LiFePO4", "Li"), ("MgTi2S4", "Mg"), ("V2O5", "Li"), ("NaTi2(PO4)3", "Na")])
def test_the_description_of_the_crystal_does_not_matter(known: Known, name: str, ion: str, how: str) -> None:
    host, _ = without(known(name), ion)
    plain = find_voids(host.lattice, host.numbers, host.frac, ion)
    other = changed(host, how)
    found = find_voids(other.lattice, other.numbers, other.frac, ion)
    times = other.n_atoms // host.n_atoms
    assert len(found) == pytest.approx(times * len(plain), abs=0.1 * times * len(plain))
    assert found.energy_eV[0] == pytest.approx(plain.energy_eV[0], abs=0.02)
    wanted = 2
    first, second = fill(host, ion, wanted), fill(other, ion, times * wanted)
    assert first is not None
    assert second is not None
    assert second.added == times * first.added
    if times == 1:
        assert StructureMatcher(scale=False).fit(first.crystal.to_structure(), second.crystal.to_structure())


def test_results_are_reproducible(known: Known) -> None:
    host, _ = without(known("LiFePO4"), "Li")
    first, second = (find_voids(host.lattice, host.numbers, host.frac, "Li") for _ in range(2))
    assert np.array_equal(first.frac, second.frac)


def test_ions_keep_their_distance(known: Known) -> None:
    host = known("Li0.5TiO2")
    filled = fill(host, "Li", 50)
    assert filled is not None
    assert filled.added < 50
    full = filled.crystal.to_structure()
    ions = [i for i, site in enumerate(full) if site.specie.symbol == "Li"]
    separation = full.distance_matrix[np.ix_(ions, ions)]
    assert separation[~np.eye(len(ions), dtype=bool)].min() > 2.2
    assert full.is_valid(tol=1.6)


def test_a_close_packed_rock_salt_has_no_room() -> None:
    oxide = Structure.from_spacegroup(225, Lattice.cubic(4.18), ["Ni", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    assert fill(Crystal.from_structure(oxide, "NiO"), "Li", 4) is None


def test_no_ions_wanted_no_ions_inserted(known: Known) -> None:
    assert fill(without(known("LiFePO4"), "Li")[0], "Li", 0) is None


@pytest.mark.parametrize("times", [1, 2, 3, 6])
def test_supercells_are_the_same_crystal(known: Known, times: int) -> None:
    crystal = known("LiFeSO4F")
    large = enlarged(crystal, times)
    assert large.n_atoms == times * crystal.n_atoms
    assert large.volume_A3 == pytest.approx(times * crystal.volume_A3)
    assert StructureMatcher(scale=False).fit(large.to_structure(), crystal.to_structure())
