"""Measured anisotropy by composition and temperature: interpolated where it was measured, a power law beyond."""

from __future__ import annotations

import numpy as np
import pytest

from screening.array_types import Floats
from screening.chemistry.compositions import count_matrix
from screening.materials.magnets.anisotropy.host_families import FAMILIES, family_anisotropy
from screening.materials.magnets.anisotropy.host_table import measured_members, member_weights
from screening.materials.magnets.figures.temperature import host_ratio, reduced_temperature


def K1(family: str, formula: str, temperature_K: float, curie_K: float) -> float:
    def ratio(temperature: Floats) -> Floats:
        return host_ratio(reduced_temperature(temperature, np.full((1, 1), curie_K)))

    at = np.full((1, 1), temperature_K)
    return float(family_anisotropy(family, count_matrix([formula]), at, ratio(at), ratio)[0, 0])


@pytest.mark.parametrize(
    ("family", "formula", "curie_K", "cold", "warm"),
    [
        ("Nd2Fe14B", "Y2Fe14B", 567, 4.0, 300.0),  # rises up to room temperature
        ("NiAs", "MnBi", 633, 4.0, 300.0),
        ("NiAs", "MnBi", 633, 300.0, 430.0),
        ("Fe2B", "Fe2B", 1015, 4.0, 300.0),
        ("Fe5SiB2", "Fe5SiB2", 784, 4.0, 300.0),
    ],
)
def test_some_constants_rise_with_temperature(
    family: str, formula: str, curie_K: float, cold: float, warm: float
) -> None:
    assert K1(family, formula, warm, curie_K) > K1(family, formula, cold, curie_K)


def test_signs_change_where_they_were_seen_to() -> None:
    assert K1("NiAs", "MnBi", 50, 633) < 0 < K1("NiAs", "MnBi", 200, 633)
    assert K1("hcp", "Co", 400, 1388) > 0 == K1("hcp", "Co", 530, 1388)
    assert K1("Fe5SiB2", "Fe5SiB2", 100, 784) < 0 < K1("Fe5SiB2", "Fe5SiB2", 250, 784)


def test_beyond_the_measurements_the_third_power_of_the_magnetization_rules() -> None:
    def fall(temperature: float) -> float:
        return float(host_ratio(np.array(temperature / 567)))

    expected = K1("Nd2Fe14B", "Y2Fe14B", 300, 567) * (fall(450) / fall(300)) ** 3
    assert K1("Nd2Fe14B", "Y2Fe14B", 450, 567) == pytest.approx(expected)
    assert K1("Nd2Fe14B", "Y2Fe14B", 600, 567) == 0


def test_iron_and_cobalt_mix_along_the_measured_line() -> None:
    """(Fe,Co)2B is axial in the middle although both ends are planar."""
    values = [K1("Fe2B", formula, 300, 900) for formula in ("Fe2B", "Fe1.4Co0.6B", "Fe1.2Co0.8B", "Co2B")]
    assert values[0] < 0 < values[2] < values[1] and values[3] < 0
    assert values[1] == pytest.approx(0.42)


def test_weights_of_members_add_up_to_what_was_measured() -> None:
    rng = np.random.default_rng(0)
    for family in FAMILIES:
        members, metals = measured_members()[family.name], family.metal or family.large
        shares = rng.dirichlet(np.ones(len(metals)), 20)
        counts = np.zeros((20, 119))
        for i, metal in enumerate(metals):
            counts += shares[:, i, None] * count_matrix([metal])
        counts += count_matrix([family.large[0]]) if family.metal else 0
        weights = member_weights(members, counts, metals, family.large)
        assert (weights >= 0).all() and (weights.sum(axis=1) <= 1 + 1e-9).all()
