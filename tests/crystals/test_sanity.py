"""Each physical check refuses what it should, says why, and lets real crystals through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from screening.crystals import Crystal, ReadSettings, Rejection, as_crystals
from screening.crystals.sanity import closest_pair, digest, plane_spacings
from screening.crystals.sites import Sites

CUBE = (np.eye(3) * 4).tolist()
PAIR = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]


def refusal(lattice: Any, numbers: Any, frac: Any, **limits: Any) -> str:
    """The reason, or an empty string if the crystal is accepted."""
    crystal = Crystal.from_arrays("x", lattice, numbers, frac)
    (item,) = as_crystals([crystal], ReadSettings(**limits))
    return item.reason if isinstance(item, Rejection) else ""


@pytest.mark.parametrize(
    ("lattice", "numbers", "frac", "words"),
    [
        ([[np.nan, 0, 0], [0, 4, 0], [0, 0, 4]], [26], [[0, 0, 0]], "lattice holds NaN"),
        ([[np.inf, 0, 0], [0, 4, 0], [0, 0, 4]], [26], [[0, 0, 0]], "infinite"),
        ([[4, 0, 0], [4, 0, 0], [0, 0, 4]], [26], [[0, 0, 0]], "absurd lattice"),
        ([[0, 0, 0], [0, 0, 0], [0, 0, 0]], [26], [[0, 0, 0]], "absurd lattice"),
        ([[4, 0, 0], [0, 4, 0], [3.9, 3.9, 0.1]], [26], [[0, 0, 0]], "absurd lattice"),
        ([[1e200, 0, 0], [0, 4, 0], [0, 0, 4]], [26], [[0, 0, 0]], "1e+200 Å long"),
        (CUBE, [], [], "no atoms"),
        (CUBE, [26, 8], [[0, 0, 0], [np.nan, 0, 0]], "positions hold NaN"),
        (CUBE, [26, 8], [[0, 0, 0], [1e7, 0, 0.5]], "fractional coordinate is 1e+07"),
        (CUBE, [26, 8], [[0, 0, 0], [0.99, 0, 0]], "Fe (site 1) and O (site 2) are 0.04 Å apart"),
        ([[0.4, 0, 0], [0, 4, 0], [0, 0, 9]], [26], [[0, 0, 0]], "its own periodic image are 0.4 Å"),
        ([[2, 0, 0], [0, 2, 0], [0, 0, 2]], [26] * 4, [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]], "2 Å³"),
        ((np.eye(3) * 12).tolist(), [26, 8], PAIR, "864 Å³ is outside 3 to 400"),
        (CUBE, [26, 110], PAIR, "Ds: no model has seen"),
    ],
)
def test_refusals(lattice: Any, numbers: Any, frac: Any, words: str) -> None:
    assert words in refusal(lattice, numbers, frac)


def test_limits_can_be_moved() -> None:
    assert refusal(CUBE, [26, 8], PAIR) == ""
    assert "2 atoms, more than the limit of 1" in refusal(CUBE, [26, 8], PAIR, max_atoms=1)
    assert "O: no model has seen" in refusal(CUBE, [26, 8], PAIR, elements=frozenset({26}))
    assert "3.46 Å apart" in refusal(CUBE, [26, 8], PAIR, min_distance_A=3.5)
    assert "volume per atom of 32" in refusal(CUBE, [26, 8], PAIR, max_volume_A3_per_atom=30.0)
    assert refusal((np.eye(3) * 12).tolist(), [26, 8], PAIR, max_volume_A3_per_atom=900.0) == ""


def test_dense_and_open_real_crystals_pass() -> None:
    hydrogen_bond = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.74 / 4]]
    assert refusal(CUBE, [1, 1], hydrogen_bond) == ""
    assert refusal((np.eye(3) * 1.7708).tolist(), [6], [[0, 0, 0]]) == ""  # simple cubic carbon, mp-998866
    assert refusal([[-4, 0, 0], [0, 4, 0], [0, 0, 4]], [26], [[0, 0, 0]]) == ""  # a left-handed cell is a cell


@pytest.mark.ci
@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 8), cutoff=st.floats(0.3, 3.0), skew=st.floats(0.1, 6.0))
def test_overlaps_agree_with_an_independent_neighbour_search(seed: int, count: int, cutoff: float, skew: float) -> None:
    rng = np.random.default_rng(seed)
    lattice = np.diag(rng.uniform(0.8, 6, 3)) + np.triu(rng.uniform(-skew, skew, (3, 3)), 1)
    assume(plane_spacings(lattice).min() > 0.3)
    frac = rng.uniform(-2, 2, (count, 3))
    found = closest_pair(lattice, frac, cutoff)
    i, j, distances = neighbor_list("ijd", Atoms("H" * count, cell=lattice, scaled_positions=frac, pbc=True), cutoff)
    if found is None:
        assert len(distances) == 0
        return
    assert found[2] == pytest.approx(distances.min(), abs=1e-9)
    close = distances < distances.min() + 1e-9
    assert found[:2] in set(zip(i[close].tolist(), j[close].tolist(), strict=True))


def test_blocks_of_a_large_cell_agree_with_the_whole() -> None:
    rng = np.random.default_rng(3)
    frac = rng.uniform(size=(900, 3))  # several blocks of rows
    lattice = np.eye(3) * 30
    distances = neighbor_list("d", Atoms("H900", cell=lattice, scaled_positions=frac, pbc=True), 1.5)
    found = closest_pair(lattice, frac, 1.5)
    assert found is not None and found[2] == pytest.approx(distances.min())


def test_the_hash_sees_every_number_but_not_the_sign_of_zero() -> None:
    def sites(x: float, z: int = 26) -> Sites:
        return Sites(np.eye(3) * 4, np.array([z], dtype=np.int16), np.array([[x, 0.0, 0.0]]))

    assert digest(sites(0.0)) == digest(sites(-0.0))
    assert len({digest(sites(0.0)), digest(sites(1e-12)), digest(sites(0.0, 27))}) == 3
