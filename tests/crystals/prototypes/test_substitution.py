"""Generated crystals: composition, symmetry, ids, and no duplicates."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Composition, Structure

from screening.chemistry.elements import SYMBOLS
from screening.crystals import Crystal, ReadSettings
from screening.crystals.prototypes import Member, Prototype, members
from screening.crystals.prototypes.geometry import template
from screening.crystals.prototypes.ions import Ion
from screening.crystals.prototypes.library import prototype_names
from screening.crystals.prototypes.substitution import MORE_SYMMETRIC, UNBALANCED, parse_elements
from screening.crystals.symmetry import space_group_numbers
from screening.errors import RequestError


def structure(member: Member) -> Structure:
    return Structure(member.sites.lattice, [SYMBOLS[z] for z in member.sites.numbers], member.sites.frac)


def crystal(member: Member) -> Crystal:
    return Crystal.from_arrays(member.candidate_id, member.sites.lattice, member.sites.numbers, member.sites.frac)


def ions(**lists: str) -> dict[str, list[Ion]]:
    return {role: [Ion.parse(text) for text in texts.split()] for role, texts in lists.items()}


@pytest.mark.parametrize("name", prototype_names())
def test_every_member_has_the_prototypes_space_group(
    prototypes: dict[str, Prototype], elements: dict[str, list[Ion]], name: str
) -> None:
    made = members(prototypes[name], elements).made
    assert made
    numbers = space_group_numbers(crystal(member) for member in made[:: max(1, len(made) // 6)])
    assert set(numbers) == {prototypes[name].space_group}


@pytest.mark.parametrize("name", prototype_names())
def test_ids_are_unique_and_tell_composition_and_sites(
    prototypes: dict[str, Prototype], elements: dict[str, list[Ion]], name: str
) -> None:
    made = members(prototypes[name], elements).made
    assert max(Counter(member.candidate_id for member in made).values()) == 1
    for member in made:
        prefix, formula, *rarer = member.candidate_id.split("__")
        assert prefix == name
        assert Composition(formula).reduced_formula == Composition(member.formula).reduced_formula
        for part in rarer:
            label, _, symbol = part.rpartition("-")
            assert member.occupants[label].symbol == symbol


def test_uniform_and_mixed_members_of_nd2fe14b(prototypes: dict[str, Prototype]) -> None:
    chosen = ions(
        rare_earth="Nd Dy", second_rare_earth="Ce", transition_metal="Fe", second_transition_metal="Fe Co",
        small_metalloid="B",
    )  # fmt: skip
    made = {member.candidate_id: member for member in members(prototypes["Nd2Fe14B"], chosen).made}
    assert len(made) == 2 + 2 * 2 + 2 * 6  # uniform, Ce on one of two sites, Co on one of six
    assert {"Nd2Fe14B__Dy2Fe14B", "Nd2Fe14B__CeDyFe14B__4g-Dy", "Nd2Fe14B__CeNdFe14B__4f-Nd"} <= made.keys()
    mixed = made["Nd2Fe14B__Nd2Fe12Co2B__8j1-Co"]
    assert mixed.formula == "Nd2Fe12Co2B"
    assert [label for label, ion in mixed.occupants.items() if ion.symbol == "Co"] == ["8j1"]
    assert Counter(mixed.sites.numbers.tolist()) == {60: 8, 26: 48, 27: 8, 5: 4}


@pytest.mark.parametrize("name", ["CaCu5", "D0_22", "InverseHeusler", "L1_0-FePt", "Ni2In", "Fe2P", "MgZn2", "PuNi3"])
def test_no_two_members_are_the_same_crystal(prototypes: dict[str, Prototype], name: str) -> None:
    """All of one composition against each other, by pymatgen."""
    three = "Mn Fe Co"
    chosen = ions(**dict.fromkeys(prototypes[name].all_roles, three))
    chosen |= ions(rare_earth="Nd", early_metal="Ti", small_stabiliser="Al", large_stabiliser="Ti")
    by_formula: dict[str, list[Structure]] = defaultdict(list)
    for member in members(prototypes[name], chosen).made:
        by_formula[member.formula].append(structure(member))
    matcher = StructureMatcher(ltol=0.05, stol=0.05, angle_tol=1, scale=False)
    pairs = [pair for same in by_formula.values() for pair in combinations(same, 2)]
    assert not any(matcher.fit(*pair) for pair in pairs[:60])


def test_exchanged_roles_make_one_crystal_whatever_comes_first(prototypes: dict[str, Prototype]) -> None:
    one = members(prototypes["L1_0-FePt"], ions(magnetic_metal="Fe Co", late_metal="Co Fe Ni")).made
    other = members(prototypes["L1_0-FePt"], ions(magnetic_metal="Co Fe", late_metal="Ni Fe Co")).made
    assert {member.candidate_id for member in one} == {"L1_0-FePt__CoFe", "L1_0-FePt__FeNi", "L1_0-FePt__CoNi"}
    twins = {member.candidate_id: member for member in other}
    for member in one:
        assert (member.sites.numbers == twins[member.candidate_id].sites.numbers).all()


def test_a_crystal_of_another_structure_type_is_left_out(prototypes: dict[str, Prototype]) -> None:
    inverse = members(
        prototypes["InverseHeusler"], ions(p_element="Ga", magnetic_metal="Mn", second_magnetic_metal="Mn Co")
    )
    assert [member.candidate_id for member in inverse.made] == ["InverseHeusler__Mn2CoGa"]
    assert inverse.left_out == {MORE_SYMMETRIC: 1}  # Mn3Ga is D0_22
    alloy = members(prototypes["L1_0-FePt"], ions(magnetic_metal="Fe", late_metal="Fe"))
    assert not alloy.made


def test_hexaferrites_are_neutral(prototypes: dict[str, Prototype]) -> None:
    chosen = ions(large_cation="Ba2+ La3+", ferric="Fe3+", trivalent="Al3+", divalent="Co2+ Fe2+", tetravalent="Ti4+")
    found = members(prototypes["Magnetoplumbite"], chosen)
    names = {member.candidate_id.partition("__")[2] for member in found.made}
    assert {"BaFe12O19", "LaFe12O19"} <= names  # the second by Fe2+ on 2a
    assert "BaFe11CoO19__2a-Co" not in names
    assert "LaFe11CoO19__2a-Co" in names
    assert "BaFe8Co2Ti2O19__4f1-Co__4f2-Ti" in names
    counts = template(prototypes["Magnetoplumbite"]).multiplicities
    for member in found.made:
        assert np.dot(counts, [ion.charge for ion in member.occupants.values()]) == 0
    assert found.left_out[UNBALANCED] > 0


def test_what_fails_the_sanity_check_is_counted(prototypes: dict[str, Prototype]) -> None:
    tight = dataclasses.replace(ReadSettings(), max_volume_A3_per_atom=14.0)
    chosen = ions(rare_earth="Er La", transition_metal="Co", second_transition_metal="", small_stabiliser="")
    found = members(prototypes["CaCu5"], chosen, tight)
    assert [member.candidate_id for member in found.made] == ["CaCu5__ErCo5"]
    ((reason, count),) = found.left_out.items()
    assert count == 1 and "outside 3 to 14" in reason


def test_an_empty_role_makes_nothing(prototypes: dict[str, Prototype], elements: dict[str, list[Ion]]) -> None:
    assert not members(prototypes["CaCu5"], {**elements, "rare_earth": []}).made


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({"rare_earth": ["Nd", "Xx"]}, "elements.rare_earth: 'Xx' is not an element"),
        ({"rare_earth": "Nd"}, r"elements.rare_earth: expected a list such as \[Fe,Co\]"),
        ({"rare_earth": [None]}, "'None' is not an element"),
        ({"rare_eath": ["Nd"]}, "elements.rare_eath: no prototype has this role; expected one of .*rare_earth"),
        ({"rare_earth": ["Nd"]}, "elements.second_transition_metal: missing, but needed by PuNi3"),
    ],
)
def test_wrong_elements_are_named(prototypes: dict[str, Prototype], lists: dict[str, object], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        parse_elements(lists, [prototypes["PuNi3"]])
