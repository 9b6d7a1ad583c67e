"""Approximants of alloys: on average they have the alloy's composition, and its near pairs are as in a random alloy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from screening.chemistry.formulas import formula_of, parse_formula
from screening.crystals import Crystal, ReadSettings, as_crystals
from screening.crystals.quasirandom import MAX_APPROXIMANTS, roundings


def ordered(structure: Structure) -> Crystal:
    (item,) = as_crystals([structure], ReadSettings(order=True))
    assert isinstance(item, Crystal), item
    return item


def binary(share: float) -> Structure:
    """(Fe1-xCox)2B."""
    metal = {"Fe": 1 - share, "Co": share}
    return Structure.from_spacegroup(
        "I4/mcm", Lattice.tetragonal(5.11, 4.25), [metal, "B"], [[0.1661, 0.6661, 0], [0, 0, 0.25]]
    )


def mean_share(crystal: Crystal, number: int) -> float:
    each = [crystal, *crystal.approximants]
    return sum(one.weight * float((one.numbers == number).mean()) for one in each)


@given(st.lists(st.lists(st.integers(0, 40), min_size=2, max_size=4), min_size=1, max_size=3), st.integers(1, 60))
def test_roundings_have_the_given_mean(parts: list[list[int]], sites: int) -> None:
    targets = [np.array(part) / max(sum(part), 1) * sites for part in parts if sum(part)]
    weights, counts = roundings(targets)
    assert weights.sum() == pytest.approx(1)
    for group, target in enumerate(targets):
        found = np.array([each[group] for each in counts])
        assert (found.sum(axis=1) == sites).all() and (found >= 0).all()
        assert np.abs(found - target).max() < 2
        assert weights @ found == pytest.approx(target, abs=1e-4)


@pytest.mark.parametrize("share", [0.005, 0.3, 0.37])
def test_a_dilute_alloy_keeps_its_composition(share: float) -> None:
    crystal = ordered(binary(share))
    assert crystal.formula == f"Fe{2 - 2 * share:g}Co{2 * share:g}B"
    assert crystal.chemical_system == "B-Co-Fe" and crystal.parent_space_group == 140
    assert mean_share(crystal, 27) == pytest.approx(share * 2 / 3, abs=2e-3)
    assert 1 <= len(crystal.approximants) < MAX_APPROXIMANTS
    assert crystal.weight + sum(other.weight for other in crystal.approximants) == pytest.approx(1)


def test_the_description_does_not_matter() -> None:
    """The same approximants from the usual cell, the primitive cell and a supercell."""
    usual = binary(0.3)
    larger = usual.copy()
    larger.make_supercell([1, 2, 1])
    found = [ordered(each) for each in (usual, usual.get_primitive_structure(), larger)]
    assert len({crystal.formula for crystal in found}) == 1
    for crystal in found[1:]:
        assert crystal.lattice == pytest.approx(found[0].lattice)
        assert (crystal.numbers == found[0].numbers).all() and crystal.weight == pytest.approx(found[0].weight)
        assert [o.digest for o in crystal.approximants] == [o.digest for o in found[0].approximants]


def test_pairs_are_those_of_a_random_alloy() -> None:
    metal = {"Fe": 0.5, "Pt": 0.5}
    crystal = ordered(
        Structure(Lattice.cubic(3.8), [metal] * 4, [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    )
    for one in (crystal, *crystal.approximants):
        lattice = Structure(one.lattice, one.numbers.tolist(), one.frac)
        unlike = [n.specie != site.specie for site in lattice for n in lattice.get_neighbors(site, 3.0)]
        assert np.mean(unlike) == pytest.approx(0.5, abs=0.1)


def test_vacancies_are_part_of_the_average() -> None:
    nitride = Structure.from_spacegroup(
        "Pm-3m", Lattice.cubic(3.8), ["Fe", "Fe", {"N": 0.6}], [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0.5, 0.5]]
    )
    crystal = ordered(nitride)
    assert parse_formula(crystal.formula) == ((7, 0.6), (26, 4.0))
    each = [crystal, *crystal.approximants]
    per_iron = [float((one.numbers == 7).sum() / (one.numbers == 26).sum()) for one in each]
    assert np.dot(per_iron, [one.weight for one in each]) == pytest.approx(0.15, abs=1e-3)


@given(st.dictionaries(st.sampled_from([7, 26, 27, 60]), st.floats(1e-4, 5e3), min_size=1))
def test_formulas_of_fractions_can_be_read_back(amounts: dict[int, float]) -> None:
    found = parse_formula(formula_of(tuple(amounts.items())))
    assert found is not None
    assert dict(found) == pytest.approx(amounts, rel=2e-3)


def test_a_trace_that_no_approximant_holds_is_flagged() -> None:
    assert ordered(binary(0.0005)).flags == ("ordered_approximant", "trace_left_out")
    assert ordered(binary(0.01)).flags == ("ordered_approximant",)


def test_the_axis_of_the_parent_is_known() -> None:
    crystal = ordered(binary(0.3))
    steps = np.array(np.meshgrid(*[range(-3, 4)] * 3)).reshape(3, -1).T @ crystal.lattice
    along = np.abs(steps @ crystal.parent_axis)
    assert np.linalg.norm(crystal.parent_axis) == pytest.approx(1)
    repeats = along / 4.25  # lattice vectors end on planes across the axis
    assert 2 * repeats == pytest.approx(np.rint(2 * repeats), abs=1e-3)
    assert all(other.parent_axis == crystal.parent_axis for other in crystal.approximants)
    metal = {"Fe": 0.5, "Pt": 0.5}
    assert ordered(Structure(Lattice.cubic(2.8), [metal], [[0, 0, 0]])).parent_axis == ()
