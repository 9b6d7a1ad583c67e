"""The digest of a crystal: the same for the same numbers, another for any that a reader could tell apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from helpers.crystals import random_crystal


def test_a_digest_tells_crystals_apart_but_not_their_last_digits() -> None:
    one = random_crystal(np.random.default_rng(1), 6)
    one = replace(one, lattice=one.lattice.round(3), frac=one.frac.round(3))
    same = replace(one, candidate_id="other", source="elsewhere", frac=one.frac + 1e-9, lattice=one.lattice - 1e-9)
    assert same.digest == one.digest and len(one.digest) == 16
    others = [
        replace(one, lattice=one.lattice + 1e-3),
        replace(one, frac=one.frac + 1e-3),
        replace(one, numbers=one.numbers + 1),
        replace(one, charged=one),
    ]
    assert len({crystal.digest for crystal in (one, *others)}) == 5
