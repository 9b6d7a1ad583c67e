"""The electrode of a crystal: ends, ions moved, capacities, and why some crystals have none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Composition, Element, Lattice, Structure

from screening.crystals import Crystal
from screening.errors import RequestError
from screening.materials.electrodes.end_members.insertion import enlarged
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.end_members.pair_search import find_pair, find_pairs
from screening.materials.registry import flag_meanings

pytestmark = pytest.mark.ci

Known = Callable[[str], Crystal]
Reference = dict[str, tuple[dict[str, str], Crystal]]

FARADAY_MAH = 26801.4815
VALENCE = {"Li": 1, "Na": 1, "K": 1, "Mg": 2, "Ca": 2, "Zn": 2, "Al": 3}


def built(group: int, lattice: Lattice, species: list[str], coords: list[list[float]]) -> Crystal:
    return Crystal.from_structure(Structure.from_spacegroup(group, lattice, species, coords), "built")


def capacity(pair: ElectrodePair, basis: Crystal) -> float:
    mass = sum(float(Element.from_Z(int(z)).atomic_mass) for z in basis.numbers)
    return FARADAY_MAH * pair.n_ions_removed * VALENCE[pair.working_ion] / mass


def test_the_reference_table_is_classified(reference: Reference) -> None:
    for name, (row, crystal) in reference.items():
        found = find_pair(crystal, row["ion"])
        if row["usable_electrode"] == "no":
            assert isinstance(found, NoPair), name
            assert "not_an_electrode" in found.flags, name
            assert not found.refused
            continue
        assert isinstance(found, ElectrodePair), name
        assert set(found.flags) <= set(flag_meanings()), name
        assert "ion_sites_blocked" not in found.flags, name
        assert found.origin == ("inserted" if row["structure_is"] == "charged" else "topotactic"), name
        ion = Composition(row["ion"])
        full = Composition(row["formula_discharged"]).reduced_composition
        frame = full - ion * full[row["ion"]]
        number = Element(row["ion"]).Z
        kept = found.charged.numbers[found.charged.numbers != number]
        assert Crystal.from_arrays("f", np.eye(3), kept, np.zeros((len(kept), 3))).formula == frame.reduced_formula or (
            Composition("".join(Element.from_Z(int(z)).symbol for z in kept)).reduced_composition
            == frame.reduced_composition
        ), name


@pytest.mark.parametrize(
    ("name", "expected"),
    [("LiCoO2", 273.8), ("LiFePO4", 169.9), ("LiMn2O4", 148.2), ("LiNiO2", 274.5), ("LiTiS2", 225.3), ("LiC6", 339.2),
     ("MgMo6S8", 62.6), ("MgTi2S4", 215.9), ("MgV2O5", 260.0), ("V2O5", 141.9), ("NaTi2(PO4)3", 119.2),
     ("NaMnO2", 243.8)],
)  # fmt: skip
def test_capacities_of_the_discharged_end(known: Known, reference: Reference, name: str, expected: float) -> None:
    ion = next(row["ion"] for key, (row, _) in reference.items() if key.startswith(name))
    pair = find_pair(known(name), ion)
    assert isinstance(pair, ElectrodePair)
    assert capacity(pair, pair.discharged) == pytest.approx(expected, abs=0.2)


def lithium_titanate() -> Crystal:
    """Li4Ti5O12 with the lithium of the mixed site in order: three spinel cells, one sixth of the metal sites."""
    spinel = Structure.from_spacegroup(
        227, Lattice.cubic(8.36), ["Li", "Ti", "O"], [[0, 0, 0], [0.625] * 3, [0.3875] * 3]
    )
    cell = spinel.get_primitive_structure()
    cell.make_supercell([[3, 0, 0], [0, 1, 0], [0, 0, 1]])
    titanium = [i for i, site in enumerate(cell) if site.specie.symbol == "Ti"]
    first = titanium[0]
    far = max(titanium, key=lambda i: cell.get_distance(first, i))
    for index in (first, far):
        cell.replace(index, "Li")
    return Crystal.from_structure(cell, "LTO")


def test_lithium_titanate_takes_three_more_lithium() -> None:
    host = lithium_titanate()
    assert host.formula == "Li4Ti5O12"
    pair = find_pair(host)
    assert isinstance(pair, ElectrodePair)
    assert pair.discharged.formula == "Li7Ti5O12"
    assert {"charged_host", "ions_relocated"} <= set(pair.flags)
    assert capacity(pair, pair.charged) == pytest.approx(175.1, abs=0.2)


def test_anodes_are_kept_and_those_whose_frame_falls_apart_are_flagged(known: Known) -> None:
    aluminide = built(227, Lattice.cubic(6.37), ["Li", "Al"], [[0.5, 0.5, 0.5], [0, 0, 0]])
    bismuthide = built(
        164, Lattice.hexagonal(4.67, 7.40), ["Mg", "Mg", "Bi"], [[0, 0, 0], [1 / 3, 2 / 3, 0.63], [1 / 3, 2 / 3, 0.23]]
    )
    for crystal, apart in ((aluminide, False), (bismuthide, True), (known("Li15Si4"), True), (known("LiC6"), False)):
        pair = find_pair(crystal)
        assert isinstance(pair, ElectrodePair)
        assert "alloy_anode" in pair.flags
        assert ("frame_falls_apart" in pair.flags) == apart, crystal.formula


def graphite() -> Crystal:
    return built(194, Lattice.hexagonal(2.461, 6.708), ["C", "C"], [[0, 0, 0.25], [1 / 3, 2 / 3, 0.25]])


def test_graphite_takes_up_lithium_and_potassium(known: Known) -> None:
    pair = find_pair(graphite())
    assert isinstance(pair, ElectrodePair)
    assert (pair.discharged.formula, pair.charged.formula) == ("LiC6", "C")
    assert "alloy_anode" in pair.flags
    assert capacity(pair, pair.discharged) == pytest.approx(339.2, abs=0.2)
    assert capacity(pair, pair.discharged) * 79.01 / 72.07 == pytest.approx(371.9, abs=0.2)
    assert pair.volume_change_percent == pytest.approx(-9.6, abs=0.5)
    assert StructureMatcher().fit(pair.discharged.to_structure(), known("LiC6").to_structure())
    stack = find_pair(graphite(), "K")
    assert isinstance(stack, ElectrodePair)
    assert stack.discharged.formula == "KC8"
    assert stack.charged_cells == 2
    sodium = find_pair(graphite(), "Na")
    assert isinstance(sodium, NoPair)
    assert "takes up no Na" in sodium.reason


def test_diamond_is_no_graphite() -> None:
    diamond = find_pair(built(227, Lattice.cubic(3.567), ["C"], [[0, 0, 0]]))
    assert isinstance(diamond, NoPair)
    assert "not_an_electrode" in diamond.flags


def test_isostructural_inactive_oxides_keep_their_warning(known: Known) -> None:
    cobaltate = known("LiCoO2")
    for metal in (24, 26):  # Cr, Fe
        other = replace(cobaltate, numbers=np.where(cobaltate.numbers == 27, metal, cobaltate.numbers))
        pair = find_pair(other)
        assert isinstance(pair, ElectrodePair)
        assert "inactive_redox_couple" in pair.flags
        assert pair.n_ions_extractable == 0


def test_olivine_and_maricite_differ(known: Known) -> None:
    olivine = known("LiFePO4")
    sodium = replace(
        olivine, numbers=np.where(olivine.numbers == 3, 11, olivine.numbers), lattice=olivine.lattice * 1.03
    )
    # The mineral's cell, its positions to two decimals (Pnma).
    maricite = built(
        62, Lattice.orthorhombic(8.99, 6.87, 5.05), ["Fe", "Na", "P", "O", "O", "O"],
        [[0, 0, 0], [0.35, 0.25, 0.97], [0.18, 0.25, 0.46], [0.12, 0.25, 0.75], [0.35, 0.25, 0.55], [0.12, 0.07, 0.32]],
    )  # fmt: skip
    for crystal, blocked in ((sodium, False), (maricite, True)):
        assert crystal.formula == "NaFePO4"
        pair = find_pair(crystal)
        assert isinstance(pair, ElectrodePair)
        assert ("ion_sites_blocked" in pair.flags) == blocked


def test_garnets_are_electrolytes() -> None:
    garnet = built(
        230, Lattice.cubic(12.80), ["Li", "Nd", "W", "O"],
        [[0.375, 0, 0.25], [0.125, 0, 0.25], [0, 0, 0], [0.28, 0.10, 0.195]],
    )  # fmt: skip
    assert garnet.formula == "Li3Nd3W2O12"
    found = find_pair(garnet)
    assert isinstance(found, NoPair)
    assert found.flags == ("not_an_electrode",)
    assert "electrolyte" in found.reason


def test_the_ion_alone_is_refused_and_a_salt_is_not() -> None:
    metal = built(229, Lattice.cubic(3.51), ["Li"], [[0, 0, 0]])
    alone = find_pair(metal)
    assert isinstance(alone, NoPair)
    assert alone.refused
    assert "only the working ion remains" in alone.reason
    salt = find_pair(built(225, Lattice.cubic(4.03), ["Li", "F"], [[0, 0, 0], [0.5, 0.5, 0.5]]))
    assert isinstance(salt, NoPair)
    assert not salt.refused


def test_a_host_of_another_ion_has_no_room_for_a_second(known: Known) -> None:
    found = find_pair(known("LiCoO2"), "Na")
    assert isinstance(found, NoPair)
    assert "no_room" in found.flags
    assert "no void of LiCoO2 is large enough for Na" in found.reason


def test_batches_give_the_same_as_single_crystals(known: Known) -> None:
    crystals = [known(name) for name in ("LiCoO2", "LiF", "NaCoO2", "V2O5")]
    for crystal, found in zip(crystals, find_pairs(crystals), strict=True):
        alone = find_pair(crystal)
        assert type(found) is type(alone)
        assert found.flags == alone.flags


def with_bonds(phosphate: Crystal, metal: int, bond_A: float, lattice: np.ndarray) -> Crystal:
    """Another metal in place of phosphorus, its oxygen at another distance, in another cell."""
    centres = phosphate.frac[phosphate.numbers == 15]
    frac = phosphate.frac.copy()
    for index in np.flatnonzero(phosphate.numbers == 8):
        apart = frac[index] - centres
        apart -= np.rint(apart)
        lengths = np.linalg.norm(apart @ lattice, axis=1)
        nearest = int(lengths.argmin())
        frac[index] = centres[nearest] + apart[nearest] * bond_A / lengths[nearest]
    numbers = np.where(phosphate.numbers == 15, metal, phosphate.numbers)
    return replace(phosphate, numbers=numbers, lattice=lattice, frac=frac)


def test_a_d0_host_of_tetrahedra_takes_up_more(known: Known) -> None:
    """Li3VO4 has the structure of Li3PO4, of which nothing can be reduced, in a larger cell."""
    phosphate = known("Li3PO4")
    vanadate = with_bonds(phosphate, 23, 1.717, np.diag([6.326, 5.446, 4.947]))
    pair = find_pair(vanadate)
    assert isinstance(pair, ElectrodePair)
    assert pair.charged.formula == "Li3VO4"
    assert pair.n_ions_removed >= 1
    assert "charged_host" in pair.flags
    assert "not_an_electrode" not in pair.flags
    assert isinstance(find_pair(phosphate), NoPair)


@pytest.mark.parametrize("name", ["LiFePO4", "LiTiS2", "LiMnPO4"])
def test_empty_hosts_in_their_own_cell_are_filled(reference: Reference, name: str) -> None:
    row, full = reference[name]
    charged, discharged = (np.array([float(row[f"{axis}{end}"]) for axis in "abc"]) for end in ("_charged", ""))
    rest = full.numbers != 3
    axes = full.lattice / np.linalg.norm(full.lattice, axis=1, keepdims=True)
    strain = np.abs(axes) @ (charged / discharged)  # along each of the cell's own vectors
    strain /= np.abs(axes).sum(axis=1)
    host = replace(full, numbers=full.numbers[rest], frac=full.frac[rest], lattice=full.lattice * strain[:, None])
    pair = find_pair(host)
    assert isinstance(pair, ElectrodePair)
    assert pair.discharged.formula == full.formula
    assert pair.flags == ("host_without_ion",)
    assert StructureMatcher(ltol=0.3).fit(pair.discharged.to_structure(), full.to_structure())


def test_an_unknown_ion_is_refused_by_name(known: Known) -> None:
    with pytest.raises(RequestError, match="working_ion=Fe: expected one of Li, Na"):
        find_pair(known("LiCoO2"), "Fe")


def test_a_huge_host_is_not_searched(known: Known) -> None:
    found = find_pair(enlarged(known("V2O5"), 16), "Li")
    assert isinstance(found, NoPair)
    assert found.flags == ("host_without_ion",)
    assert "200 atoms" in found.reason


def test_both_ends_keep_id_and_cell(known: Known) -> None:
    crystal = replace(known("LiFePO4"), flags=("ordered_approximant",))
    pair = find_pair(crystal)
    assert isinstance(pair, ElectrodePair)
    assert pair.discharged is crystal
    assert pair.charged.candidate_id == crystal.candidate_id
    assert pair.charged.flags == ("ordered_approximant",)
    assert np.array_equal(pair.charged.lattice, crystal.lattice)
    assert pair.volume_change_percent == pytest.approx(0.0)


@pytest.mark.parametrize(("metal", "anion", "a", "c"), [("Ti", "S", 3.407, 5.695), ("V", "Se", 3.356, 6.105)])
def test_layers_move_apart_for_an_ion_that_is_too_large_for_the_gap(metal: str, anion: str, a: float, c: float) -> None:
    host = built(164, Lattice.hexagonal(a, c), [metal, anion], [[0, 0, 0], [1 / 3, 2 / 3, 0.25]])
    for ion, opens in (("K", True), ("Li", False)):
        found = find_pair(host, ion)
        assert isinstance(found, ElectrodePair)
        assert found.n_ions_removed == 1
        assert (found.volume_change_percent < -20) == opens
        assert found.charged == host


@pytest.mark.parametrize(("anion", "ion", "c"), [("S", "Ca", 5.695), ("Se", "Na", 6.008)])
def test_ions_of_any_size_leave_layers_that_are_given_empty(anion: str, ion: str, c: float) -> None:
    host = built(164, Lattice.hexagonal(3.45, c), ["Ti", anion], [[0, 0, 0], [1 / 3, 2 / 3, 0.25]])
    found = find_pair(host, ion)
    assert isinstance(found, ElectrodePair)
    assert "ion_sites_blocked" not in found.flags


def test_a_frame_with_fewer_voids_than_electrons_says_so() -> None:
    """Brookite (Baur, Acta Cryst. 14, 214 (1961)) beside rutile, which has a void for each titanium."""
    sites = [[0.129, 0.097, 0.863], [0.010, 0.149, 0.184], [0.231, 0.111, 0.537]]
    brookite = built(61, Lattice.orthorhombic(9.184, 5.447, 5.145), ["Ti", "O", "O"], sites)
    rutile = built(136, Lattice.tetragonal(4.594, 2.959), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]])
    for crystal, few in ((brookite, True), (rutile, False)):
        found = find_pair(crystal, "Li")
        assert isinstance(found, ElectrodePair)
        assert ("few_voids" in found.flags) == few


@pytest.mark.parametrize(
    ("name", "elements", "expected"),
    [
        ("LiMn2O4", {}, True),  # Li2Mn2O4 at 2.95 V
        ("LiMn2O4", {"Mn": "Ti"}, True),  # LiTi2O4 is known as an anode at 1.34 V
        ("Na3V2(PO4)3", {}, True),  # Na4V2(PO4)3 at 1.6 V
        ("LiFePO4", {}, False),
        ("LiCoO2", {}, False),
    ],
)
def test_crystals_that_are_charged_and_discharged_ends_say_so(
    known: Known, name: str, elements: dict[str, str], expected: bool
) -> None:
    crystal = known(name)
    for old, new in elements.items():
        crystal = replace(crystal, numbers=np.where(crystal.numbers == Element(old).Z, Element(new).Z, crystal.numbers))
    pair = find_pair(crystal)
    assert isinstance(pair, ElectrodePair)
    assert ("takes_more_ions" in pair.flags) == expected
