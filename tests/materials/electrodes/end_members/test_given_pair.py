"""Pairs given by the user: cells of any size, the ion that leaves, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals import Crystal
from screening.materials.electrodes.end_members.given_pair import given_pair
from screening.materials.electrodes.end_members.insertion import enlarged
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.end_members.pair_search import find_pair

Known = Callable[[str], Crystal]


def emptied(crystal: Crystal, symbol: str, leave: int = 0) -> Crystal:
    ions = np.flatnonzero(crystal.numbers == ATOMIC_NUMBERS[symbol])
    stays = np.ones(crystal.n_atoms, dtype=bool)
    stays[ions[leave:]] = False
    return replace(crystal, numbers=crystal.numbers[stays], frac=crystal.frac[stays])


def replaced(crystal: Crystal, old: str, new: str) -> Crystal:
    numbers = np.where(crystal.numbers == ATOMIC_NUMBERS[old], ATOMIC_NUMBERS[new], crystal.numbers)
    return replace(crystal, numbers=numbers.astype(crystal.numbers.dtype))


def test_cells_may_differ_in_size_and_volume(known: Known) -> None:
    full = known("LiFePO4")
    empty = enlarged(replace(emptied(full, "Li"), lattice=full.lattice * 0.934 ** (1 / 3)), 2)
    pair = find_pair(replace(full, charged=empty))
    assert isinstance(pair, ElectrodePair)
    assert (pair.origin, pair.working_ion) == ("given", "Li")
    assert (pair.n_ions_removed, pair.n_ions_extractable, pair.charged_cells) == (4.0, 4.0, 0.5)
    assert pair.volume_change_percent == pytest.approx(-6.6)


def test_the_ion_that_leaves_is_the_working_ion(known: Known) -> None:
    mixed = known("LiFePO4")
    ions = np.flatnonzero(mixed.numbers == 3)
    numbers = mixed.numbers.copy()
    numbers[ions[:2]] = 11
    both = replace(mixed, numbers=numbers)
    pair = given_pair(both, emptied(both, "Na"), None)
    assert isinstance(pair, ElectrodePair)
    assert (pair.working_ion, pair.n_ions_removed) == ("Na", 2.0)


def test_a_charged_end_may_keep_some_of_the_ion(known: Known) -> None:
    full = known("LiFePO4")
    pair = given_pair(full, emptied(full, "Li", leave=1), "Li")
    assert isinstance(pair, ElectrodePair)
    assert pair.n_ions_removed == 3.0


def test_what_is_refused(known: Known) -> None:
    full, other = known("LiFePO4"), known("LiMnPO4")
    cases = [
        (full, emptied(other, "Li"), None, "differ in composition"),
        (full, emptied(full, "Li"), "Na", "differ in composition"),
        (full, full, None, "holds as much Li as the discharged one"),
        (emptied(full, "Li"), full, None, "holds as much Li as the discharged one, or more"),
        (full, emptied(emptied(emptied(emptied(full, "Li"), "Fe"), "P"), "O", leave=1), None, "differ in composition"),
        (full, emptied(emptied(full, "Li"), "O", leave=15), None, "the anions of the given pair differ: LiFePO4 and "),
        (full, replaced(emptied(full, "Li"), "O", "S"), "Li", "the anions of the given pair differ"),
        (replaced(full, "Li", "Rb"), emptied(full, "Li"), None, "there is none for Rb: expected one of Li, Na"),
    ]
    for discharged, charged, ion, reason in cases:
        found = given_pair(discharged, charged, ion)
        assert isinstance(found, NoPair)
        assert found.refused
        assert reason in found.reason


def test_a_given_charged_end_does_not_make_a_salt_an_electrode(known: Known) -> None:
    salt = known("LiF")
    found = find_pair(replace(salt, charged=emptied(salt, "Li")))
    assert isinstance(found, NoPair)
    assert "not_an_electrode" in found.flags
    assert not found.refused


def test_an_alloy_may_have_any_charged_end(known: Known) -> None:
    alloy = known("Li15Si4")
    pair = find_pair(replace(alloy, charged=emptied(alloy, "Li")))
    assert isinstance(pair, ElectrodePair)
    assert "alloy_anode" in pair.flags
    assert "frame_falls_apart" not in pair.flags  # the given charged end is not what was left
