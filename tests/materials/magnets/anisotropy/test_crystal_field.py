"""Signs and sizes of 4f anisotropy: an independent sum over images, known families, invariances, intervals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from helpers.crystals import random_crystal, rotated, supercell
from scipy.stats import norm

from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.chemistry.families import LANTHANIDES
from screening.crystals import Crystal, read_crystals
from screening.crystals.packed import pack
from screening.materials.magnets.anisotropy import crystal_field
from screening.materials.magnets.anisotropy.axes import find_axes
from screening.materials.magnets.anisotropy.crystal_field import four_f_anisotropy, held_by_3d_moments
from screening.materials.magnets.anisotropy.quadrupoles import quadrupoles

MAGNETS = {c.candidate_id: c for c in read_crystals("magnets") if isinstance(c, Crystal)}


def with_rare_earth(name: str, symbol: str) -> Crystal:
    host = MAGNETS[name]
    earth = np.isin(host.numbers, [ATOMIC_NUMBERS[s] for s in LANTHANIDES])
    numbers = np.where(earth, ATOMIC_NUMBERS[symbol], host.numbers)
    return Crystal.from_arrays(f"{name} {symbol}", host.lattice, numbers, host.frac)


def K1(crystals: list[Crystal]) -> np.ndarray:
    packed = pack(crystals)
    return four_f_anisotropy(packed, find_axes(packed).axis)


# Easy direction of the rare earths' part (Herbst, Rev. Mod. Phys. 63, 819 (1991); Coey, Magnetism (2010), chapter 11)
KNOWN = [
    ("Nd2Fe14B", "Pr Nd Tb Dy Ho", "Sm Er Tm"),
    ("SmCo5", "Sm Er Tm", "Pr Nd Tb Dy Ho"),
    ("Sm2Fe17N3", "Sm Er Tm", "Pr Nd Tb Dy Ho"),
    ("Nd2Fe17", "Sm Er Tm", "Pr Nd Tb Dy Ho"),
    ("SmFe12", "Sm Er Tm", "Pr Nd Tb Dy"),
]


@pytest.mark.parametrize(("name", "axial", "planar"), KNOWN)
def test_signs_of_the_known_families(name: str, axial: str, planar: str) -> None:
    members = [with_rare_earth(name, symbol) for symbol in (axial + " " + planar).split()]
    expected = [1] * len(axial.split()) + [-1] * len(planar.split())
    assert np.sign(K1(members)[:, 0]).tolist() == expected


def test_sizes_are_those_at_low_temperature() -> None:
    """Anisotropy fields at 4 K give Pr2Fe14B about 20 and SmCo5 about 20 MJ/m3 beyond the 3d part."""
    praseodymium, samarium = K1([with_rare_earth("Nd2Fe14B", "Pr"), MAGNETS["SmCo5"]])[:, 0]
    assert 10 < praseodymium < 40
    assert 10 < samarium < 40


@pytest.mark.ci
def test_against_a_sum_over_images() -> None:
    rng = np.random.default_rng(0)
    for crystal in [random_crystal(rng, 5, (7, 26, 60, 62, 66)) for _ in range(4)]:
        axis = rng.normal(size=3)
        axis /= np.linalg.norm(axis)
        found = four_f_anisotropy(pack([crystal]), axis[None])[0, 0]
        total = 0.0
        for centre, symbol in enumerate(SYMBOLS[z] for z in crystal.numbers):
            quadrupole = quadrupoles()[ATOMIC_NUMBERS[symbol]]
            for other, shift in itertools.product(range(5), itertools.product(range(-9, 10), repeat=3)):
                bond = (crystal.frac[other] + shift - crystal.frac[centre]) @ crystal.lattice
                distance = np.linalg.norm(bond)
                if quadrupole and 1e-6 < distance < 5.5:
                    fade = 1.0 if distance < 3.5 else np.cos(np.pi * (distance - 3.5) / 4) ** 2
                    step = NEGATIVITY[SYMBOLS[crystal.numbers[other]]] - NEGATIVITY[symbol]
                    total += quadrupole * step * fade * (3 * (bond @ axis / distance) ** 2 - 1)
        volume = abs(np.linalg.det(crystal.lattice))
        expected = -1.5 * crystal_field.SCALE_MJ_PER_M3 * total / volume
        assert np.isnan(found) if not quadrupoles()[crystal.numbers].any() else found == pytest.approx(expected)


NEGATIVITY = {"N": 3.04, "Fe": 1.83, "Nd": 1.14, "Sm": 1.17, "Dy": 1.22}  # Pauling


def test_the_choice_of_cell_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    one = MAGNETS["Sm2Fe17N3"]
    same = K1([one, supercell(one, (2, 1, 1)), rotated(one, rng), MAGNETS["Fe bcc"]])
    np.testing.assert_allclose(same[1:3], same[:1].repeat(2, axis=0), rtol=1e-4)
    assert np.isnan(same[3]).all()


def test_elements_without_a_rule_have_no_number() -> None:
    none = K1([with_rare_earth("SmCo5", symbol) for symbol in ("La", "Ce", "Eu", "Gd", "Yb", "Lu")])
    assert np.isnan(none).all()
    half = MAGNETS["Nd2Fe14B"]
    mixed = half.numbers.copy()
    mixed[np.flatnonzero(mixed == ATOMIC_NUMBERS["Nd"])[::2]] = ATOMIC_NUMBERS["Ce"]
    less = K1([Crystal.from_arrays("half", half.lattice, mixed, half.frac), half])[:, 0]
    assert 0 < less[0] < less[1]


def test_intervals_show_how_certain_the_sign_is() -> None:
    def probability(values: np.ndarray) -> np.ndarray:
        return norm.cdf(values[:, 0] / ((values[:, 2] - values[:, 1]) / (2 * norm.ppf(0.9))))

    held = probability(K1([MAGNETS["SmCo5"], MAGNETS["Nd2Fe17"], MAGNETS["Sm2Fe17N3"]]))
    assert 0.9 < held[0] < held[2] < 0.99
    assert 0.1 < held[1] < 0.4
    alone = Crystal.from_arrays("TbAg2", [[3.7, 0, 0], [0, 3.7, 0], [1.85, 1.85, 4.6]], [65, 47, 47], SITES)
    assert not held_by_3d_moments(pack([alone]).element_counts())[0]
    assert 0.3 < probability(K1([alone]))[0] < 0.8


SITES = [[0, 0, 0], [0.33, 0.33, 0.34], [0.67, 0.67, 0.66]]
