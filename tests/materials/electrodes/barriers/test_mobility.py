"""From a pair to the barrier of its best way, with barriers of single hops from a stand-in for the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from screening.array_types import Floats
from screening.crystals import Crystal
from screening.materials.electrodes.barriers.hops import find_hops
from screening.materials.electrodes.barriers.migration_path import MigrationPath
from screening.materials.electrodes.barriers.mobility import chosen_kinds, find_mobilities
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.end_members.pair_search import find_pair

Make = Callable[[str], Crystal]


def by_length(paths: Sequence[MigrationPath]) -> Floats:
    """A tenth of the length in Å, as eV."""
    value = np.array([path.length_A / 10 for path in paths])
    return np.stack([value, value - 0.1, value + 0.2], axis=1)


def pair_of(crystal: Crystal) -> ElectrodePair:
    pair = find_pair(crystal)
    assert isinstance(pair, ElectrodePair)
    return pair


def test_each_pair_gets_its_own_barrier(known: Make) -> None:
    pairs = [pair_of(known("LiCoO2")), None, pair_of(known("LiMn2O4"))]
    layered, nothing, spinel = find_mobilities(pairs, by_length)
    assert layered.barrier_eV == pytest.approx((0.282, 0.182, 0.482), abs=2e-3)
    assert spinel.barrier_eV == pytest.approx((0.357, 0.257, 0.557), abs=2e-3)
    assert (layered.dimensions, spinel.dimensions) == (2, 3)
    assert layered.path is not None
    assert layered.path.length_A == pytest.approx(2.82, abs=0.01)
    assert np.isnan(nothing.barrier_eV).all()
    assert (nothing.dimensions, nothing.searched) == (None, False)


def test_unusable_barriers_leave_none(known: Make) -> None:
    (found,) = find_mobilities([pair_of(known("LiCoO2"))], lambda paths: np.full((len(paths), 3), np.nan))
    assert np.isnan(found.barrier_eV[0])
    assert (found.dimensions, found.searched) == (None, True)


def test_alloys_and_carbons_are_not_looked_at(known: Make) -> None:
    (found,) = find_mobilities([pair_of(known("LiC6"))], by_length)
    assert not found.searched


def test_only_hops_that_matter_are_asked_for(known: Make) -> None:
    """The one within the layer, not those across it of a hundred times the energy."""
    network = find_hops(known("LiCoO2"), "Li")
    (kind,) = chosen_kinds(network)
    assert network.energies_eV[kind] == network.crossing_eV
    assert (network.energies_eV > 20 * network.energies_eV[kind]).any()
