"""The practical part of a range: states between whole numbers of ions, enlarged cells, strain and stability there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.electrodes import electrode

from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.voltage import practical_range
from screening.materials.electrodes.voltage.couples import Couples, balance_of, couples_of
from screening.materials.electrodes.voltage.practical_range import PredictedVoltages, over_practical_range


def by_content(couples: Couples) -> PredictedVoltages:
    """Figures that depend on the ions per atom of the frame that leave, x: V = 3 + x, -10 x percent, x² eV/atom."""
    x = balance_of(couples).moved[:, None] * np.ones((1, 3))
    return PredictedVoltages(3 + x, -10 * x, np.hstack([np.zeros_like(x), x**2]))


def over(limits: list[float], ions: int = 4) -> PredictedVoltages:
    discharged, _ = electrode(np.random.default_rng(0), "Li", ("Mn",), ions=ions)
    bare = replace(discharged, numbers=discharged.numbers[ions:], frac=discharged.frac[ions:])
    pairs = [ElectrodePair(discharged, bare, "Li", ions, "topotactic", n_ions_practical=n) for n in limits]
    couples = couples_of(pairs)
    return over_practical_range(pairs, couples, by_content(couples), by_content)


def test_figures_are_those_of_the_state_with_the_practical_content() -> None:
    found = over([4.0, 2.0, 1.0])
    x = np.array([4.0, 2.0, 1.0]) / 8
    np.testing.assert_allclose(found.voltage[:, 0], 3 + x)
    np.testing.assert_allclose(found.volume[:, 0], -10 * x)
    np.testing.assert_allclose(found.hull[:, 3], x**2)
    np.testing.assert_allclose(found.hull[:, 0], 0.0)


def test_without_a_practical_number_strain_and_stability_are_those_of_the_frame() -> None:
    found = over([0.0, float("nan")])
    assert np.isnan(found.voltage).all()
    np.testing.assert_allclose(found.volume, -5.0)
    np.testing.assert_allclose(found.hull[:, 3:], 0.25)


def test_between_whole_numbers_of_ions_both_phases_coexist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(practical_range, "MOST_ATOMS", 0)
    found = over([1.0, 2.0, 1.25, 0.5])
    one, two, between, below = found.voltage[:, 0]
    assert between * 1.25 == pytest.approx(0.75 * one + 0.25 * 2 * two)
    assert below == pytest.approx(one)
    for values in (found.volume[:, 0], found.hull[:, 3]):
        one, two, between, below = values
        assert between == pytest.approx(0.75 * one + 0.25 * two)
        assert below == pytest.approx(0.5 * one)  # half of it is still discharged, with 0


def test_half_an_ion_a_cell_is_one_in_two_cells() -> None:
    found = over([0.5, 0.51, 1.0], ions=1)
    half, near, whole = found.hull[:, 3]
    assert half == pytest.approx((0.5 / 8) ** 2)
    assert near == pytest.approx(0.98 * half + 0.02 * whole)
    assert found.voltage[0, 0] == pytest.approx(3 + 0.5 / 8)


def test_without_a_model_for_partly_charged_states_their_voltage_is_unknown() -> None:
    discharged, charged = electrode(np.random.default_rng(0), "Li", ("Mn",), ions=4)
    pairs = [ElectrodePair(discharged, charged, "Li", 4.0, "given", n_ions_practical=n) for n in (4.0, 2.0)]
    couples = couples_of(pairs)
    found = over_practical_range(pairs, couples, by_content(couples), None)
    assert np.isnan(found.voltage).all(axis=1).tolist() == [False, True]
