"""Voltage profiles against a hull and voltages worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from screening.crystals import Crystal
from screening.materials.electrodes.end_members.insertion import enlarged
from screening.materials.electrodes.end_members.orderings import partly_charged
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.end_members.pair_search import find_pair
from screening.materials.electrodes.end_members.profile import State, voltage_profile

Known = Callable[[str], Crystal]

METAL = -1.9


@pytest.fixture
def pair(known: Known) -> ElectrodePair:
    found = find_pair(known("LiFePO4"))
    assert isinstance(found, ElectrodePair)
    return found


def with_voltages(pair: ElectrodePair, voltages: list[float]) -> list[State]:
    """States of 4, 3, ... ions whose steps on charge have these voltages, so rising ones are all stable."""
    energy = -190.0
    states = [State(pair.discharged, energy)]
    for removed, voltage in enumerate(voltages, start=1):
        energy += voltage - METAL
        states.append(State(partly_charged(pair, removed)[0], energy))
    return states


def test_steps_come_out_as_they_were_put_in(pair: ElectrodePair) -> None:
    profile = voltage_profile(with_voltages(pair, [3.0, 3.2, 3.9, 4.4]), "Li", METAL)
    assert [step.voltage_V for step in profile.steps] == pytest.approx([4.4, 3.9, 3.2, 3.0])
    assert profile.stable == (4, 3, 2, 1, 0)
    assert profile.average_V() == pytest.approx(np.mean([3.0, 3.2, 3.9, 4.4]))
    assert profile.capacity_mAh_per_g == pytest.approx(169.9, abs=0.2)
    assert [step.x_discharged * 24 for step in profile.steps] == pytest.approx([1, 2, 3, 4])


def test_states_above_the_hull_make_no_step(pair: ElectrodePair) -> None:
    profile = voltage_profile(with_voltages(pair, [3.6, 3.2, 3.4, 3.4]), "Li", METAL)
    assert [step.voltage_V for step in profile.steps] == pytest.approx([3.4])
    assert profile.stable == (4, 0)


def test_an_empty_range_has_no_voltage(pair: ElectrodePair) -> None:
    profile = voltage_profile(with_voltages(pair, [3.0, 3.2, 3.9, 4.4]), "Li", METAL)
    assert isnan(profile.average_V(5.0, 6.0))
    assert profile.average_V(3.1, 4.0) == pytest.approx(3.55)


def test_cells_may_differ_and_the_lowest_of_equals_counts(pair: ElectrodePair) -> None:
    full, empty = pair.discharged, replace(pair.charged, lattice=pair.charged.lattice * 0.93 ** (1 / 3))
    large = enlarged(empty, 2)
    states = [
        State(full, -190.0),
        State(large, 2 * (-190 + 4 * (3.4 + 1.9))),
        State(empty, -150.0),
        State(full, -190.0),
    ]
    profile = voltage_profile(states, "Li", METAL)
    assert [step.voltage_V for step in profile.steps] == pytest.approx([3.4])
    assert profile.stable == (1, 0)
    assert profile.volume_change_percent == pytest.approx(-7.0)


def test_a_divalent_ion_counts_twice(known: Known) -> None:
    pair = find_pair(known("MgTi2S4"))
    assert isinstance(pair, ElectrodePair)
    energy = -100 + pair.n_ions_removed * (2 * 1.2 + 1.6)
    profile = voltage_profile([State(pair.discharged, -100.0), State(pair.charged, energy)], "Mg", -1.6)
    assert profile.steps[0].voltage_V == pytest.approx(1.2)
    assert profile.capacity_mAh_per_g == pytest.approx(215.9, abs=0.2)


def test_negative_voltages_are_returned(pair: ElectrodePair) -> None:
    profile = voltage_profile(with_voltages(pair, [-0.5, -0.4, 0.1, 0.2]), "Li", METAL)
    assert profile.average_V() == pytest.approx(-0.15)


def test_states_without_a_profile(pair: ElectrodePair, known: Known) -> None:
    full, empty = State(pair.discharged, -190.0), State(pair.charged, -168.0)
    other = State(known("LiMnPO4"), -150.0)
    for states, message in (
        ([full], "at least two contents"),
        ([full, full], "at least two contents"),
        ([full, empty, other], "differ in composition"),
        ([full, State(pair.charged, float("nan"))], "finite"),
        ([], "at least two contents"),
    ):
        with pytest.raises(ValueError, match=message):
            voltage_profile(states, "Li", METAL)
    with pytest.raises(ValueError, match="not a working ion"):
        voltage_profile([full, empty], "Fe", METAL)
