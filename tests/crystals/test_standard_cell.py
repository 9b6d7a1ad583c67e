"""The standard cell: the same for every description of a crystal, and still that crystal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.crystals import cubic, descriptions, random_crystal, supercell
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.analysis.structure_matcher import StructureMatcher

from screening.crystals import Crystal
from screening.crystals.standard_cell import standard_cell

HCP = Crystal.from_arrays(
    "hcp", [[2.51, 0, 0], [-1.255, 1.255 * 3**0.5, 0], [0, 0, 4.07]], [27, 27],
    [[1 / 3, 2 / 3, 1 / 4], [2 / 3, 1 / 3, 3 / 4]],
)  # fmt: skip
ROCK_SALT = Crystal.from_arrays(
    "NaCl", 5.64 * np.eye(3), [11] * 4 + [17] * 4,
    [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0], [0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5], [0.5, 0.5, 0.5]],
)  # fmt: skip
SYMMETRIC = [cubic(26, 2.866, "I"), cubic(29, 3.61, "F"), cubic(84, 3.35, "P"), HCP, ROCK_SALT]


def assert_same(one: Crystal, two: Crystal) -> None:
    np.testing.assert_array_equal(one.numbers, two.numbers)
    np.testing.assert_allclose(one.lattice, two.lattice, atol=1e-9)
    np.testing.assert_allclose(one.frac, two.frac, atol=1e-9)


@pytest.mark.parametrize("crystal", SYMMETRIC, ids=lambda crystal: crystal.candidate_id)
def test_symmetric_crystals_have_one_standard_cell(crystal: Crystal) -> None:
    expected = standard_cell(crystal)
    for other in descriptions(crystal, np.random.default_rng(0)).values():
        assert_same(standard_cell(other), expected)
    np.testing.assert_allclose(standard_cell(expected).lattice, expected.lattice, atol=1.1e-4)
    np.testing.assert_array_equal(standard_cell(expected).frac, expected.frac)
    assert standard_cell(crystal).n_atoms == {"hcp": 2, "NaCl": 2}.get(crystal.candidate_id, 1)


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), atoms=st.integers(1, 7))
def test_every_description_has_the_same_standard_cell(seed: int, atoms: int) -> None:
    rng = np.random.default_rng(seed)
    crystal = random_crystal(rng, atoms)
    expected = standard_cell(crystal)
    for other in descriptions(crystal, rng).values():
        assert_same(standard_cell(other), expected)
    assert expected.volume_A3 == pytest.approx(crystal.volume_A3, rel=1e-3)


@pytest.mark.parametrize("crystal", [*SYMMETRIC, random_crystal(np.random.default_rng(1), 6)])
def test_it_is_the_same_crystal(crystal: Crystal) -> None:
    matcher = StructureMatcher(ltol=1e-3, stol=2e-3, angle_tol=0.1, scale=False)
    assert matcher.fit(crystal.to_structure(), standard_cell(crystal).to_structure())


def test_what_is_known_about_a_crystal_stays() -> None:
    host = replace(HCP, candidate_id="host", numbers=HCP.numbers[:1], frac=HCP.frac[:1])
    known = replace(HCP, flags=("ordered_approximant",), parent_space_group=194, charged=supercell(host, (1, 2, 1)))
    found = standard_cell(known)
    assert (found.candidate_id, found.flags, found.parent_space_group) == ("hcp", ("ordered_approximant",), 194)
    assert found.charged is not None
    assert found.charged.n_atoms == 1


def test_only_true_supercells_are_reduced() -> None:
    double = supercell(cubic(26, 2.866, "I"), (2, 1, 1))
    assert standard_cell(double).n_atoms == 1
    frac = double.frac.copy()
    frac[1, 0] += 0.01  # of 5.7 Å
    assert standard_cell(replace(double, frac=frac)).n_atoms == 4
    other = double.numbers.copy()
    other[0] = 27
    assert standard_cell(replace(double, numbers=other)).n_atoms == 4


def test_small_differences_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    crystal = supercell(ROCK_SALT, (1, 1, 2))
    expected = standard_cell(crystal)
    noise = rng.normal(size=(crystal.n_atoms, 3)) * 1e-6 @ np.linalg.inv(crystal.lattice)
    assert_same(standard_cell(replace(crystal, frac=crystal.frac + noise)), expected)


@pytest.mark.parametrize("steps", [1, 10, 1000])
def test_very_skewed_cells_are_reduced(steps: int) -> None:
    skew = np.array([[1, 0, 0], [steps, 1, 0], [-steps, 3 * steps, 1]])
    skewed = replace(HCP, lattice=skew @ HCP.lattice, frac=HCP.frac @ np.linalg.inv(skew))
    found = standard_cell(skewed)
    np.testing.assert_allclose(found.lattice, standard_cell(HCP).lattice, atol=1e-6)
