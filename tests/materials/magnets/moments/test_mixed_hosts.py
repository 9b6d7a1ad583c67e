"""Hosts of iron, cobalt and manganese: ends are kept, the middle follows Slater and Pauling, manganese is opposed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.array_types import Floats
from screening.chemistry.compositions import count_matrix
from screening.crystals import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.materials.magnets.moments.mixed_hosts import (
    MANGANESE_MUB,
    TITANIUM_MUB,
    manganese_in_iron,
    mixed_hosts,
    slater_pauling,
)
from screening.tabular.composition_features import Compositions

IRON, COBALT = 2.2, 1.7


def ends(packed: PackedCrystals, compositions: Compositions) -> Floats:
    """Hosts of iron or of cobalt, as a fit would give them."""
    counts = compositions.counts
    assert ((counts[:, 26] == 0) | (counts[:, 27] == 0)).all(), "only ends are asked for"
    middle = (IRON * counts[:, 26] + COBALT * counts[:, 27]) / packed.volume_A3
    return np.stack([middle, middle - 0.01, middle + 0.01], axis=1)


def host(formula: str, alloy: bool = True) -> float:
    """Moment per cell."""
    counts = count_matrix([formula])
    numbers = [z for z in np.flatnonzero(counts[0]) for _ in range(max(1, round(counts[0, z])))]
    crystal = Crystal.from_arrays("", np.eye(3) * 10, numbers, np.random.default_rng(1).random((len(numbers), 3)))
    found = np.array([[0.5, 0.4, 0.6]])
    result = mixed_hosts(found, pack([crystal]), counts, np.array([alloy]), ends)
    assert result[0, 1] <= result[0, 0] <= result[0, 2]
    return float(result[0, 0] * crystal.volume_A3)


def test_iron_and_cobalt_are_above_the_straight_line_as_in_bcc() -> None:
    """2.4 µB at 30 % cobalt (Bozorth, Ferromagnetism (1951)); the straight line gives 2.07."""
    assert host("Fe7Co3") / 10 == pytest.approx(2.38, abs=0.1)
    assert host("Fe2Co8") / 10 == pytest.approx(COBALT + 0.2 * 1.0, abs=1e-6)


@given(st.floats(0, 1), st.floats(0.5, 2.5), st.floats(0.5, 2.0))
def test_the_ends_stay(share: float, iron: float, cobalt: float) -> None:
    bow = slater_pauling(np.array([iron]), np.array([cobalt]), np.array([share]))[0]
    assert bow >= -1e-12
    if share in (0.0, 1.0):
        assert bow == pytest.approx(0, abs=1e-12)


def test_an_ordered_crystal_of_iron_and_cobalt_stays_as_predicted() -> None:
    assert host("Fe7Co3", alloy=False) == pytest.approx(500)


def test_manganese_lowers_an_iron_host_beside_a_rare_earth() -> None:
    assert host("Nd2Fe13MnB", alloy=False) == pytest.approx(13 * IRON + MANGANESE_MUB)
    assert host("Nd2Fe11.5Mn0.5Co2B") < host("Nd2Fe12Co2B") - 2
    assert host("Pr2Fe7Mn7B") == 0.0


def test_manganese_elsewhere_is_left_alone() -> None:
    counts = count_matrix(["Nd2Fe13MnB", "Co2MnSi", "Fe13Mn", "NdMn4Fe8", "Nd2Fe14B"])
    assert manganese_in_iron(counts).tolist() == [True, False, False, True, False]
    assert host("Fe13Mn", alloy=False) == pytest.approx(500)


def test_titanium_lowers_an_iron_host_beside_a_rare_earth() -> None:
    assert host("YFe11Ti", alloy=False) == pytest.approx(500 + TITANIUM_MUB)
    assert host("YFe11V", alloy=False) == host("Fe11Ti", alloy=False) == pytest.approx(500)
