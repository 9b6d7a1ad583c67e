"""Ends of electrodes as arrays: amounts per atom of the frame, and ions taken out."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.crystals import random_crystal, supercell

from screening.crystals import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.materials.electrodes.voltage.couples import Couples, balance_of, same_frames, without_ions

LI, OX, FE = 3, 8, 26


def host(seed: int, lithium: int = 4) -> Crystal:
    rng = np.random.default_rng(seed)
    crystal = random_crystal(rng, lithium + 6, (OX,))
    numbers = np.array([LI] * lithium + [FE] * 2 + [OX] * 4)
    return Crystal.from_arrays("host", crystal.lattice, numbers, crystal.frac)


def couple(discharged: Crystal, charged: Crystal) -> Couples:
    return Couples(pack([discharged]), pack([charged]), np.array([LI]), np.array([1.0]))


def taken(crystal: Crystal, left: int) -> Crystal:
    packed = without_ions(pack([crystal]), np.array([LI]), np.array([left]))
    return Crystal.from_arrays("taken", packed.lattice[0], packed.numbers, packed.frac)


def test_amounts_and_volumes_are_per_atom_of_the_frame_whatever_the_cells() -> None:
    discharged = host(0)
    charged = Crystal.from_arrays("charged", discharged.lattice * 0.99, discharged.numbers[3:], discharged.frac[3:])
    plain = balance_of(couple(discharged, charged))
    large = balance_of(couple(supercell(discharged, (2, 1, 1)), supercell(charged, (1, 3, 1))))
    assert plain.moved == pytest.approx([3 / 6])
    assert plain.volume_change == pytest.approx([0.99**3 - 1])
    for name in ("moved", "volume_change", "ions_discharged", "ions_charged", "volume_charged_A3"):
        assert getattr(large, name) == pytest.approx(getattr(plain, name))


def test_frames_that_differ_and_charged_ends_with_more_ions_are_recognised() -> None:
    discharged = host(1)
    other = Crystal.from_arrays("other", discharged.lattice, [FE] * 3 + [OX] * 3, discharged.frac[4:])
    only = Crystal.from_arrays("only", discharged.lattice, [LI] * 4, discharged.frac[:4])
    sound = balance_of(couple(discharged, taken(discharged, 1)))
    assert same_frames(sound).tolist() == [True]
    for first, second in ((discharged, other), (taken(discharged, 1), discharged), (discharged, discharged)):
        assert same_frames(balance_of(couple(first, second))).tolist() == [False]
    assert same_frames(balance_of(couple(only, discharged))).tolist() == [False]
    assert same_frames(balance_of(couple(discharged, only))).tolist() == [False]


def test_all_ions_leave_and_nothing_else_moves() -> None:
    crystals = [host(2), host(3, lithium=1)]
    packed = without_ions(pack(crystals), np.array([LI, LI]), np.zeros(2, dtype=np.int64))
    assert packed.n_atoms.tolist() == [6, 6]
    for row, crystal in enumerate(crystals):
        held = crystal.numbers != LI
        np.testing.assert_array_equal(packed.frac[packed.atoms(row)], crystal.frac[held])
        np.testing.assert_array_equal(packed.lattice[row], crystal.lattice)


def test_the_ions_that_stay_are_far_apart() -> None:
    """A chain of six sites along a long cell: every other one stays."""
    frac = np.array([[i / 6 + 0.001 * i * (i % 2), 0.5, 0.5] for i in range(6)] + [[0, 0, 0]])
    chain = Crystal.from_arrays("chain", np.diag([12.0, 30.0, 30.0]), [LI] * 6 + [OX], frac)
    left = taken(chain, 3)
    places = np.sort(left.frac[left.numbers == LI][:, 0])
    assert np.diff([*places, places[0] + 1]) == pytest.approx([1 / 3] * 3, abs=0.01)


def test_which_ions_leave_does_not_depend_on_the_order_of_atoms() -> None:
    crystal, rng = host(4), np.random.default_rng(0)
    order = rng.permutation(crystal.n_atoms)
    shuffled = Crystal.from_arrays("shuffled", crystal.lattice, crystal.numbers[order], crystal.frac[order])
    one, two = taken(crystal, 2), taken(shuffled, 2)
    np.testing.assert_allclose(
        np.sort(one.frac[one.numbers == LI], axis=0), np.sort(two.frac[two.numbers == LI], axis=0)
    )


def test_nothing_to_compare() -> None:
    none = PackedCrystals(np.zeros((0, 3, 3)), np.zeros(0, np.int16), np.zeros((0, 3)), np.zeros(1, np.int64))
    couples = Couples(none, none, np.zeros(0, dtype=np.int64), np.zeros(0))
    assert len(couples) == 0
    assert len(without_ions(none, couples.ions, couples.ions)) == 0
