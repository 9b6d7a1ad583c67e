"""Families by roles on their lattice: members, substitution, approximants, other crystals; and their table."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from helpers.crystals import rotated, supercell

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals import Crystal, as_crystals, read_crystals
from screening.crystals.packed import pack
from screening.materials.approximants import alloy_counts
from screening.materials.magnets.anisotropy.axes import find_axes
from screening.materials.magnets.anisotropy.host_families import (
    FAMILIES,
    HostFamilies,
    host_families,
)
from screening.materials.magnets.anisotropy.host_table import measured_members
from screening.resources import resource

MAGNETS = {c.candidate_id: c for c in read_crystals("magnets") if isinstance(c, Crystal)}


def found(*crystals: Crystal) -> HostFamilies:
    packed = pack(crystals)
    return host_families(packed, packed.element_counts())


def names(*crystals: Crystal) -> list[str | None]:
    return [FAMILIES[row].name if row >= 0 else None for row in found(*crystals).family]


def changed(name: str, old: str, new: str, atoms: int | None = None) -> Crystal:
    """A magnet with some atoms of one element replaced."""
    one = MAGNETS[name]
    numbers = one.numbers.copy()
    numbers[np.flatnonzero(numbers == ATOMIC_NUMBERS[old])[:atoms]] = ATOMIC_NUMBERS[new]
    return Crystal.from_arrays("changed", one.lattice, numbers, one.frac)


MEMBERS = {
    "Nd2Fe14B": "Nd2Fe14B Pr2Fe14B Ce2Fe14B La2Fe14B Y2Fe14B Sm2Fe14B Tb2Fe14B Dy2Fe14B Er2Fe14B",
    "CaCu5": "SmCo5 YCo5 LaCo5 GdCo5",
    "2:17": "Y2Fe17 Nd2Fe17",
    "2:17 with interstitials": "Sm2Fe17N3",
    "ThMn12": "SmFe12 SmFe11Ti YFe11Ti",
    "M-type ferrite": "BaFe12O19 SrFe12O19",
}


def test_the_reference_magnets_have_their_families() -> None:
    expected = {member: family for family, members in MEMBERS.items() for member in members.split()}
    expected |= dict.fromkeys(("FePt L1_0", "CoPt L1_0", "FeNi L1_0", "MnAl L1_0"), "L1_0")
    expected |= {"Mn3Ga D0_22": "D0_22", "Fe3Sn": "D0_19", "Co hcp": "hcp", "Fe2B": "Fe2B"}
    expected |= {"MnBi": "NiAs", "MnAs": "NiAs"}
    assert names(*MAGNETS.values()) == [expected.get(name) for name in MAGNETS]


def test_measured_signs() -> None:
    """Directions of compounds without anisotropic 4f shells, from the reference table (not the one looked up)."""
    table = pl.read_csv(resource("datasets") / "reference" / "magnets.csv")
    easy = {row["name"]: row["easy"] or "" for row in table.iter_rows(named=True)}
    for name in ("Y2Fe14B", "La2Fe14B", "YCo5", "GdCo5", "YFe11Ti", "FePt L1_0", "MnAl L1_0", "BaFe12O19", "Y2Fe17"):
        assert (found(MAGNETS[name]).K1_MJ_per_m3[0] > 0) == easy[name].startswith("easy axis")


def test_substitution_keeps_the_family_and_widens_the_spread() -> None:
    pure = found(MAGNETS["Nd2Fe14B"])
    mixed = found(changed("Nd2Fe14B", "Fe", "Co", 8))
    assert mixed.family == pure.family
    assert mixed.spread[0] > pure.spread[0]
    between = found(changed("FePt L1_0", "Fe", "Co"), MAGNETS["CoPt L1_0"]).K1_MJ_per_m3
    assert between[0] == between[1]
    assert found(changed("Nd2Fe14B", "Fe", "Co")).K1_MJ_per_m3[0] < 0
    assert names(changed("Nd2Fe14B", "Fe", "Ni")) == [None]  # nothing was measured on R2Ni14B


def test_a_member_is_described_at_the_temperature_of_its_measurement() -> None:
    """R2Fe17 is known at 4 K only, R2Co17 at 300 K: the former must not pass for a value of 300 K."""
    iron = found(MAGNETS["Y2Fe17"])
    assert (iron.K1_MJ_per_m3[0], iron.temperature_K[0]) == (-1.8, 4.0)
    assert found(changed("Y2Fe17", "Fe", "Co")).temperature_K[0] == 300.0
    assert found(changed("Y2Fe17", "Fe", "Co", 9)).temperature_K[0] == 4.0


def test_mixed_metals_are_mixed_by_share() -> None:
    cell = supercell(MAGNETS["FePt L1_0"], (2, 1, 1))
    numbers = cell.numbers.copy()
    numbers[np.flatnonzero(numbers == ATOMIC_NUMBERS["Fe"])[0]] = ATOMIC_NUMBERS["Co"]
    half = found(Crystal.from_arrays("half", cell.lattice, numbers, cell.frac)).K1_MJ_per_m3[0]
    ends = found(MAGNETS["FePt L1_0"], MAGNETS["CoPt L1_0"]).K1_MJ_per_m3
    assert half == pytest.approx(ends.mean())


def test_similar_crystals_of_other_structures_have_no_family() -> None:
    cubic = Crystal.from_arrays("B2", np.eye(3) * 2.9, [26, 78], [[0, 0, 0], [0.5, 0.5, 0.5]])
    other_sites = MAGNETS["SmCo5"]
    moved = other_sites.frac.copy()
    moved[1] += [0.12, 0.03, 0.2]
    broken = Crystal.from_arrays("moved", other_sites.lattice, other_sites.numbers, moved)
    assert names(cubic, broken, MAGNETS["LaNi5"], MAGNETS["Fe bcc"], changed("BaFe12O19", "Fe", "Al", 12)) == [None] * 5


def test_the_axis_of_an_approximant_is_that_of_its_sites() -> None:
    approximant = MAGNETS["SmFe11Ti"]
    assert not find_axes(pack([approximant])).uniaxial[0]
    rng = np.random.default_rng(0)
    same = found(approximant, rotated(approximant, rng), supercell(approximant, (1, 2, 1)))
    assert set(same.family.tolist()) == {[f.name for f in FAMILIES].index("ThMn12")}
    np.testing.assert_allclose(same.K1_MJ_per_m3, same.K1_MJ_per_m3[0])
    fourfold = approximant.lattice[np.linalg.norm(approximant.lattice, axis=1).argmin()]
    fourfold = fourfold / np.linalg.norm(fourfold)
    assert abs(same.axis[0] @ fourfold) == pytest.approx(1, abs=1e-3)


def test_every_member_belongs_to_a_family_and_has_a_source() -> None:
    members = measured_members()
    assert set(members) == {family.name for family in FAMILIES}
    for family in FAMILIES:
        for member in members[family.name]:
            assert member.metal in (family.metal or family.large)
            assert member.other is None or member.other in family.large
            assert (member.spread_MJ_per_m3 > 0).all()
            assert (np.diff(member.temperature_K) > 0).all()
    table = pl.read_csv(resource("datasets") / "magnets" / "host_anisotropy.csv")
    assert table["source"].str.contains(r"\d{4}").all()


def test_a_relaxed_member_keeps_its_family() -> None:
    rng = np.random.default_rng(0)
    members = [MAGNETS[name] for name in ("SmCo5", "Sm2Fe17N3", "FePt L1_0", "BaFe12O19")]
    relaxed = []
    for one in members:
        places = one.frac @ one.lattice + rng.normal(scale=0.01, size=one.frac.shape)
        strained = one.lattice @ (np.eye(3) + np.diag(rng.normal(scale=0.003, size=3)))
        frac = places @ np.linalg.inv(one.lattice)
        relaxed.append(Crystal.from_arrays(one.candidate_id, strained, one.numbers, frac))
    assert not find_axes(pack(relaxed)).uniaxial.all()
    assert names(*relaxed) == names(*members)


@pytest.mark.parametrize(
    ("composition", "prototype", "family"),
    [
        ("Sm2Fe17N2.5", "Th2Zn17N3", "2:17 with interstitials"),
        ("Sm2(Co0.7Fe0.2Cu0.07Zr0.03)17", "Th2Zn17", "2:17"),
        ("(Nd0.8Ce0.2)2Fe12Co2B", "Nd2Fe14B", "Nd2Fe14B"),
    ],
)
def test_alloys_are_in_their_family(composition: str, prototype: str, family: str) -> None:
    (alloy,) = as_crystals([{"composition": composition, "prototype": prototype}])
    assert isinstance(alloy, Crystal)
    packed = pack([alloy, *alloy.approximants])
    found = host_families(packed, alloy_counts([alloy, *alloy.approximants], packed.element_counts()))
    assert [FAMILIES[index].name for index in found.family] == [family] * len(packed)
