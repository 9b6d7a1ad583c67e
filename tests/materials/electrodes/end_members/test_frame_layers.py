"""Layers of frames, and their distances with and without ions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.frame_layers import Layers, layers


def sandwich(metal: str, anion: str, a: float, c: float, z: float, ion: str | None = None) -> Crystal:
    """A CdI2-type crystal, with an ion between its layers or none."""
    lattice = np.array([[a, 0, 0], [-a / 2, a * np.sqrt(0.75), 0], [0, 0, c]])
    symbols = [metal, anion, anion, *([ion] if ion else [])]
    frac = [[0.0, 0.0, 0.0], [1 / 3, 2 / 3, z], [2 / 3, 1 / 3, 1 - z], [0, 0, 0.5]][: len(symbols)]
    return Crystal.from_arrays("x", lattice, [ATOMIC_NUMBERS[symbol] for symbol in symbols], frac)


def found(crystal: Crystal, ion: str = "Li") -> Layers | None:
    return layers(crystal, crystal.numbers == ATOMIC_NUMBERS[ion])


# Whittingham, Science 192, 1126 (1976); Amatucci, Tarascon and Klein, J. Electrochem. Soc. 143, 1114 (1996)
@pytest.mark.parametrize(
    ("metal", "anion", "a", "c", "z"), [("Ti", "S", 3.407, 5.695, 0.25), ("Co", "O", 2.82, 4.29, 0.224)]
)
def test_an_empty_crystal_keeps_its_volume(metal: str, anion: str, a: float, c: float, z: float) -> None:
    crystal = sandwich(metal, anion, a, c, z)
    stacked = found(crystal)
    assert stacked is not None
    assert stacked.empty_volume_A3 == pytest.approx(crystal.volume_A3, rel=0.025)


def test_a_filled_crystal_keeps_its_volume_with_its_ion_and_loses_a_tenth_without() -> None:
    crystal = sandwich("Ti", "S", 3.455, 6.195, 0.231, "Li")
    stacked = found(crystal)
    assert stacked is not None
    assert stacked.full_volume_A3(0.76) == pytest.approx(crystal.volume_A3, rel=0.02)
    assert -0.11 < stacked.empty_volume_A3 / crystal.volume_A3 - 1 < -0.06


def test_the_distance_of_the_given_layers_does_not_matter() -> None:
    near, far = found(sandwich("Ti", "S", 3.4, 5.7, 0.25)), found(sandwich("Ti", "S", 3.4, 7.7, 0.25 * 5.7 / 7.7))
    assert near is not None and far is not None
    assert near.empty_volume_A3 == pytest.approx(far.empty_volume_A3)
    assert far.gaps_A[0] - near.gaps_A[0] == pytest.approx(2.0)


def test_any_cell_gives_the_same_layers() -> None:
    crystal = sandwich("Ti", "S", 3.455, 6.195, 0.231, "Li")
    change = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 1]], dtype=float)
    sheared = Crystal.from_arrays(
        "y", change @ crystal.lattice, crystal.numbers, (crystal.frac + 0.3) @ np.linalg.inv(change)
    )
    one, other = found(crystal), found(sheared)
    assert one is not None and other is not None
    assert other.empty_volume_A3 == pytest.approx(one.empty_volume_A3)


def test_other_atoms_between_the_layers_hold_them_apart() -> None:
    assert found(sandwich("Ti", "S", 3.43, 7.55, 0.19, "K")) is None


def test_rock_salt_has_no_layers() -> None:
    lattice = np.array([[0, 2.1, 2.1], [2.1, 0, 2.1], [2.1, 2.1, 0]])
    crystal = Crystal.from_arrays("MgO", lattice, [12, 8], np.array([[0, 0, 0], [0.5, 0.5, 0.5]]))
    assert found(crystal) is None


# K between six S at the sum of the radii; layers of KTiS2 are 7.6 Å apart
def test_layers_open_for_a_larger_ion_and_stay_as_thick_as_they_were() -> None:
    crystal = sandwich("Ti", "S", 3.407, 5.695, 0.25)
    change = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 1]], dtype=float)
    sheared = Crystal.from_arrays(
        "y", change @ crystal.lattice, crystal.numbers, (crystal.frac + 0.3) @ np.linalg.inv(change)
    )
    for given in (crystal, sheared, replace(crystal, frac=crystal.frac - [0, 0, 0.3])):
        before = found(given)
        assert before is not None
        wide = before.opened(given, 1.38)
        after = found(wide)
        assert after is not None
        assert after.thickness_A == pytest.approx(before.thickness_A)
        assert after.gaps_A[0] + after.thickness_A == pytest.approx(7.7, abs=0.25)
        assert before.opened(given, 0.4).volume_A3 == pytest.approx(given.volume_A3)
