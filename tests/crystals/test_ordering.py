"""Partial occupancies are refused unless ordering is asked for; then the approximant keeps the composition."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from screening.chemistry.elements import SYMBOLS
from screening.crystals import Crystal, ReadSettings, Rejection, as_crystals, read_crystals
from screening.crystals.sanity import closest_pair
from screening.crystals.symmetry import space_group_numbers

pytestmark = pytest.mark.ci

THIRD = 1 / 3


def layered(metals: dict[str, float], lithium: dict[str, float] | None = None) -> Structure:
    lattice = Lattice.hexagonal(2.862, 14.227)
    return Structure.from_spacegroup(
        "R-3m", lattice, [lithium or {"Li": 1.0}, metals, "O"], [[0, 0, 0.5], [0, 0, 0], [0, 0, 0.259]]
    )


def alloy() -> Structure:
    iron = {"Fe": 0.8, "Co": 0.2}
    return Structure.from_spacegroup(
        "I4/mmm", Lattice.tetragonal(8.4, 4.8), ["Sm", iron, iron, iron],
        [[0, 0, 0], [0.25, 0.25, 0.25], [0.359, 0, 0], [0.275, 0.5, 0]],
    )  # fmt: skip


def rock_salt() -> Structure:
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.158), [{"Li+": 0.5, "Fe3+": 0.5}, "O2-"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


def titanate(element: str = "Ti", share: float = THIRD / 2) -> Structure:
    """The spinel Li4Ti5O12: a sixth of its octahedra hold lithium."""
    return Structure.from_spacegroup(
        "Fd-3m", Lattice.cubic(8.36), ["Li", {"Li": share, element: 1 - share}, "O"],
        [[0, 0, 0], [0.625, 0.625, 0.625], [0.388, 0.388, 0.388]],
    )  # fmt: skip


def ordered(structure: Structure) -> Crystal:
    (item,) = as_crystals([structure], ReadSettings(order=True))
    assert isinstance(item, Crystal), item
    return item


def counts(crystal: Crystal) -> dict[str, int]:
    return dict(Counter(SYMBOLS[z] for z in crystal.numbers))


def test_refused_by_default_with_the_way_out() -> None:
    (item,) = as_crystals([rock_salt()])
    assert isinstance(item, Rejection)
    assert (item.stage, item.reason) == (
        "sanity", "partial occupancies (Li0.5 Fe0.5 on site 1); order=true makes an ordered approximant"
    )  # fmt: skip


@pytest.mark.parametrize("element", ["Ti", "Mn"])
@pytest.mark.parametrize("cell", [1, 2])
def test_the_approximant_of_an_oxide_is_neutral(element: str, cell: int) -> None:
    """In the usual cell Li11Ti13O32 is close enough to the occupancies, but titanium would be above 4."""
    structure = titanate(element)
    found = counts(ordered(structure if cell == 1 else structure.get_primitive_structure()))
    assert (found["Li"] / found[element], found["O"] / found[element]) == pytest.approx((4 / 5, 12 / 5))


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        (layered({"Ni": 0.3333, "Mn": 0.3333, "Co": 0.3334}), {"Li": 3, "Ni": 1, "Mn": 1, "Co": 1, "O": 6}),
        (layered({"Ni": 0.5, "Mn": 0.5}), {"Li": 6, "Ni": 3, "Mn": 3, "O": 12}),
        (layered({"Co": 1.0}, {"Li": 2 * THIRD}), {"Li": 2, "Co": 3, "O": 6}),
        (layered({"Ni": 0.98, "Mn": 0.02}), {"Li": 3, "Ni": 3, "O": 6}),
        (layered({"Co": 1.0}, {"Li": 0.02}), {"Co": 3, "O": 6}),
        (rock_salt(), {"Li": 2, "Fe": 2, "O": 4}),
        (alloy(), {"Sm": 2, "Fe": 19, "Co": 5}),
    ],
    ids=["NMC", "two metals", "vacancies", "traces", "emptied", "rock salt", "alloy"],
)
def test_composition_of_the_approximant(structure: Structure, expected: dict[str, int]) -> None:
    crystal = ordered(structure)
    assert counts(crystal) == expected
    lost = {z for z, _ in crystal.composition} - set(crystal.numbers.tolist())
    assert crystal.flags == ("ordered_approximant", *(["trace_left_out"] if lost else []))
    assert closest_pair(crystal.lattice, crystal.frac, 1.5) is None
    assert crystal.volume_A3 / structure.volume == pytest.approx(round(crystal.volume_A3 / structure.volume), rel=1e-5)


def test_the_result_is_deterministic() -> None:
    first, second = ordered(alloy()), ordered(alloy())
    assert first.numbers.tolist() == second.numbers.tolist() and first.frac.tolist() == second.frac.tolist()


def test_unlike_ions_alternate() -> None:
    crystal = ordered(rock_salt())
    assert counts(crystal) == {"Li": 2, "Fe": 2, "O": 4}
    assert space_group_numbers([crystal]) == [123]  # layers of lithium and of iron along a fourfold axis


@pytest.mark.parametrize("zinc", [0.5, 1.0])
def test_an_oxide_that_cannot_be_neutral_is_refused(zinc: float) -> None:
    structure = Structure(Lattice.cubic(4.2), [{"Al": 1 - zinc / 2, "Zn": zinc / 2}, "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    (item,) = as_crystals([structure], ReadSettings(order=True))
    assert isinstance(item, Rejection) and "no oxidation states of Al, Zn, O make" in item.reason


def test_mixed_valence_is_not_disorder() -> None:
    structure = Structure(Lattice.cubic(4.2), [{"Fe2+": 0.5, "Fe3+": 0.5}, "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    (item,) = as_crystals([structure])
    assert isinstance(item, Crystal) and item.flags == () and item.formula == "FeO"


def test_what_cannot_be_ordered_says_so() -> None:
    big = layered({"Ni": 0.5, "Mn": 0.5})
    big.make_supercell([6, 6, 1])
    (item,) = as_crystals([big], ReadSettings(order=True))
    assert isinstance(item, Rejection) and "432 sites are too many to order" in item.reason


@pytest.mark.parametrize(
    ("structure", "group"),
    [
        (alloy(), 139),
        (rock_salt(), 225),
        (layered({"Ni": 0.5, "Mn": 0.5}), 166),
        (layered({"Ni": 1.0}, {"Li": 0.5}), 166),
    ],
)
def test_an_approximant_knows_the_space_group_it_stands_for(structure: Structure, group: int) -> None:
    crystal = ordered(structure)
    assert crystal.parent_space_group == group
    assert space_group_numbers([crystal]) != [group]


@pytest.mark.ci
def test_the_space_group_comes_through_worker_processes_and_back_through_crystals(tmp_path: Path) -> None:
    alloy().to(filename=str(tmp_path / "alloy.cif"))
    (item,) = read_crystals(tmp_path, ReadSettings(order=True, workers=1))
    assert isinstance(item, Crystal)
    (again,) = as_crystals([item])
    assert isinstance(again, Crystal)
    assert (item.parent_space_group, again.parent_space_group, again.flags) == (139, 139, ("ordered_approximant",))


def test_an_ordered_crystal_stands_for_itself() -> None:
    assert ordered(layered({"Ni": 1.0})).parent_space_group is None
