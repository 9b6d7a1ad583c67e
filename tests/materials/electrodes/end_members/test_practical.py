"""What moves in practice: rules by class, the same for every description of a crystal, and no rule beyond its class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from helpers.crystals import rotated, supercell
from pymatgen.core import Lattice, Structure

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals import Crystal
from screening.materials.electrodes.end_members.frame_class import frame_class, frame_dimensions
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.end_members.pair_search import find_pair
from screening.materials.electrodes.end_members.practical import host_limit

Known = Callable[[str], Crystal]


def other(crystal: Crystal, **elements: str) -> Crystal:
    """The crystal with other elements on its sites."""
    numbers = crystal.numbers.copy()
    for old, new in elements.items():
        numbers[crystal.numbers == ATOMIC_NUMBERS[old]] = ATOMIC_NUMBERS[new]
    return replace(crystal, numbers=numbers)


def part(crystal: Crystal, old: str, *new: str) -> Crystal:
    """The crystal with sites of an element given to several in turn."""
    sites = np.flatnonzero(crystal.numbers == ATOMIC_NUMBERS[old])
    numbers = crystal.numbers.copy()
    numbers[sites] = [ATOMIC_NUMBERS[new[i % len(new)]] for i in range(len(sites))]
    return replace(crystal, numbers=numbers)


def share(found: ElectrodePair | NoPair) -> float:
    assert isinstance(found, ElectrodePair)
    return found.n_ions_practical / found.n_ions_removed


@pytest.mark.parametrize(
    ("name", "elements", "expected"),
    [
        ("LiCoO2", {}, 0.51),
        ("LiCoO2", {"Co": "Ni"}, 0.8),
        ("LiNiO2", {}, 0.8),
        ("LiMnO2 layered", {}, 0.67),
        ("NaFeO2", {}, 0.45),
        ("NaCoO2", {"Co": "Fe"}, 0.45),
        ("NaCoO2", {"Co": "Cr"}, 0.5),
        ("NaMnO2", {}, 0.8),
        ("NaMnO2", {"Mn": "Ti"}, 0.5),
        ("NaTiS2", {}, 1.0),
        ("NaTiS2", {"Ti": "Cr"}, 0.5),  # sulfur gives the electron: not inactive
        ("LiTiS2", {"Ti": "V"}, 1.0),
        ("LiMn2O4", {}, 1.0),
        ("LiFePO4", {}, 1.0),
        ("Na3V2(PO4)3", {}, 2 / 3),
        ("Na3V2(PO4)3", {"V": "Cr"}, 2 / 3),
        ("Na3V2(PO4)3", {"Na": "Li"}, 2 / 3),
        ("Li2VO2", {}, 0.5),  # only the tetrahedral ions, at the voltage of an anode
    ],
)
def test_the_share_of_a_class(known: Known, name: str, elements: dict[str, str], expected: float) -> None:
    pair = find_pair(other(known(name), **elements))
    assert share(pair) == pytest.approx(expected, abs=0.005)
    assert isinstance(pair, ElectrodePair)
    assert "(" in pair.practical_limit  # its source
    assert pair.n_ions_practical <= pair.n_ions_extractable


def test_metals_of_a_layered_oxide_count_by_their_share(known: Known) -> None:
    cell = supercell(known("LiCoO2"), (2, 1, 1))
    assert share(find_pair(part(cell, "Co", "Ni", "Co"))) == pytest.approx((0.51 + 0.8) / 2)
    assert share(find_pair(part(cell, "Co", "Ni", "Mn"))) == pytest.approx((0.51 + 0.8) / 2)  # Mn4+ is a spectator
    sodium = supercell(known("NaMnO2"), (2, 1, 1))
    assert share(find_pair(part(sodium, "Mn", "Ni", "Mn"))) == pytest.approx(0.5)


def test_what_has_no_rule_says_so(known: Known) -> None:
    magnesium = find_pair(known("MgTi2S4"))
    assert isinstance(magnesium, ElectrodePair)
    assert magnesium.n_ions_practical == magnesium.n_ions_extractable
    assert magnesium.practical_limit == "redox limit; no rule for this class"
    host = find_pair(known("V2O5"), "Mg")
    assert isinstance(host, ElectrodePair)
    assert host.practical_limit == "as many as metals and voids allow; no rule for this class"


@pytest.mark.parametrize(
    ("name", "ion", "formula"),
    [("Li0.5TiO2 anatase", "Li", "LiTi2O4"), ("V2O5", "Li", "LiV2O5"), ("V2O5", "Mg", "MgV2O5")],
)
def test_hosts_are_filled_as_far_as_is_practical(known: Known, name: str, ion: str, formula: str) -> None:
    pair = find_pair(known(name), ion)
    assert isinstance(pair, ElectrodePair)
    assert (pair.discharged.formula, pair.n_ions_practical) == (formula, pair.n_ions_removed)


@pytest.mark.parametrize(("ion", "metal"), [("Mg", "Cr"), ("Zn", "Cr"), ("Ca", "Cr")])
def test_room_alone_makes_no_anode(known: Known, ion: str, metal: str) -> None:
    """MgCr2O4 has empty octahedra, but Cr2+ does not exist in such oxides."""
    pair = find_pair(other(known("LiMn2O4"), Li=ion, Mn=metal))
    assert isinstance(pair, ElectrodePair)
    assert "inactive_redox_couple" in pair.flags
    assert (pair.discharged.formula, pair.n_ions_practical) == (f"{ion}Cr2O4", 0.0)


def test_a_spinel_takes_up_ions_until_it_is_a_rock_salt(known: Known) -> None:
    titanate = part(other(known("LiMn2O4"), Mn="Ti"), "Ti", "Ti", "Ti", "Cr", "Cr")  # LiTiCrO4, both metals spent
    pair = find_pair(titanate)
    assert isinstance(pair, ElectrodePair)
    assert pair.discharged.formula == "Li2TiCrO4"
    assert "ions_relocated" in pair.flags


@pytest.mark.parametrize("change", [lambda c: rotated(c, np.random.default_rng(0)), lambda c: supercell(c, (2, 1, 2))])
@pytest.mark.parametrize(
    ("name", "kind", "dimensions"),
    [("LiCoO2", "layered oxide", 2), ("LiMn2O4", "spinel", 3), ("LiTiS2", "layered chalcogenide", 2)],
)
def test_the_class_does_not_depend_on_the_cell(
    known: Known, name: str, kind: str, dimensions: int, change: Callable[[Crystal], Crystal]
) -> None:
    crystal = change(known(name))
    assert frame_class(crystal, "Li") == kind
    assert frame_dimensions(crystal, crystal.numbers != 3) == dimensions


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ({"Li": 2, "Fe": 1, "Si": 1, "O": 4}, "silicate"),
        ({"Na": 2, "Mn": 1, "P": 2, "O": 7}, "pyrophosphate"),
        ({"Na": 3, "V": 2, "P": 3, "O": 12}, "NASICON-like compound"),
        ({"Li": 3, "Fe": 2, "As": 3, "O": 12}, "NASICON-like compound"),
        ({"Na": 3, "V": 2, "P": 2, "O": 8, "F": 3}, "polyanionic compound"),
        ({"K": 2, "Mn": 1, "Fe": 1, "C": 6, "N": 6}, "cyanide"),
        ({"Li": 1, "Fe": 1, "F": 3}, None),
        ({"Fe": 2, "Mo": 3, "O": 12}, "molybdate or tungstate"),
        ({"Na": 2, "Mn": 2, "W": 3, "O": 12}, "molybdate or tungstate"),
        ({"Li": 1, "Nb": 16, "W": 5, "O": 55}, None),
        ({"Li": 2, "Mo": 1, "O": 4}, None),  # no other metal works
    ],
)
def test_polyanionic_classes_follow_from_the_composition(formula: dict[str, int], kind: str | None) -> None:
    numbers = [ATOMIC_NUMBERS[symbol] for symbol, count in formula.items() for _ in range(count)]
    frac = np.random.default_rng(0).random((len(numbers), 3))
    ion = next(iter(formula))
    assert frame_class(Crystal.from_arrays("x", np.eye(3) * 9.0, numbers, frac), ion) == kind


@pytest.mark.parametrize(
    ("formula", "ion", "n_ions"),
    [
        ({"Fe": 2, "Mo": 3, "O": 12}, "Li", 2),
        ({"V": 2, "W": 3, "O": 12}, "Mg", 1),
        ({"Co": 1, "Mo": 1, "O": 4}, "Li", 0),
        ({"Li": 1, "Fe": 1, "W": 2, "O": 8}, "Li", 1),
    ],
)
def test_hexavalent_metals_in_tetrahedra_take_up_no_electrons(formula: dict[str, int], ion: str, n_ions: float) -> None:
    numbers = [ATOMIC_NUMBERS[symbol] for symbol, count in formula.items() for _ in range(count)]
    frac = np.random.default_rng(0).random((len(numbers), 3))
    limit = host_limit(Crystal.from_arrays("x", np.eye(3) * 9.0, numbers, frac), ion)
    assert limit is not None
    assert limit.n_ions == n_ions


@pytest.mark.ci
@pytest.mark.parametrize(("ion", "metal", "active"), [("Na", "Fe", False), ("K", "Fe", False), ("K", "Co", True)])
def test_iron_in_tetrahedra_gives_up_no_more_than_in_its_usual_state(ion: str, metal: str, active: bool) -> None:
    """A stuffed cristobalite like KFeO2 and beta-NaFeO2."""
    stuffed = Structure.from_spacegroup(
        227, Lattice.cubic(8.0), [metal, ion, "O"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.125, 0.125, 0.125]]
    )
    pair = find_pair(Crystal.from_structure(stuffed, "x"))
    assert isinstance(pair, ElectrodePair)
    assert (pair.n_ions_practical > 0) == active
    assert ("inactive_redox_couple" in pair.flags) != active
