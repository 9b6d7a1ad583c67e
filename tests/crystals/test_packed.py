"""Packed crystals keep their atoms: owners, counts, selected rows and chunks."""

from __future__ import annotations

import numpy as np
from helpers.crystals import random_crystal

from screening.crystals.packed import pack


def test_owners_and_counts_are_those_of_the_crystals() -> None:
    rng = np.random.default_rng(0)
    crystals = [random_crystal(rng, int(rng.integers(1, 8)), (3, 8, 9, 26, 60, 7)) for _ in range(20)]
    packed = pack(crystals)
    assert packed.owner.tolist() == [b for b, crystal in enumerate(crystals) for _ in range(crystal.n_atoms)]
    for row, crystal in zip(packed.element_counts(), crystals, strict=True):
        assert np.array_equal(row, np.bincount(crystal.numbers, minlength=119))
    rows = np.array([7, 3, 3])
    for part in (packed.take(rows), packed.chunk(3, 8)):
        assert np.array_equal(np.bincount(part.owner), part.n_atoms)


def test_no_crystal_at_all() -> None:
    packed = pack([])
    assert packed.owner.shape == (0,) and packed.element_counts().shape == (0, 119)
