"""Stored crystals come back exactly, and no file is left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from screening.crystals import Crystal
from screening.crystals.spool import CrystalSpool


def _crystals() -> list[Crystal]:
    rng = np.random.default_rng(1)
    made = [
        Crystal.from_arrays(f"../é {n}", rng.random((3, 3)), rng.integers(1, 90, n), rng.random((n, 3)), f"a/{n}.cif")
        for n in range(1, 6)
    ]
    made[1] = replace(made[1], flags=("ordered_approximant",), parent_space_group=166)
    made[2] = replace(made[2], charged=made[3])
    return made


def _equal(one: Crystal, other: Crystal) -> bool:
    arrays = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("lattice", "numbers", "frac"))
    texts = all(
        getattr(one, name) == getattr(other, name) for name in ("candidate_id", "source", "flags", "parent_space_group")
    )
    if one.charged is None or other.charged is None:
        return arrays and texts and one.charged is other.charged
    return arrays and texts and _equal(one.charged, other.charged)


def test_they_come_back_in_any_order_and_between_additions(tmp_path: Path) -> None:
    crystals = _crystals()
    spool = CrystalSpool(tmp_path)
    spool.add(crystals[:3])
    assert _equal(spool.get(crystals[2].candidate_id), crystals[2])
    spool.add(crystals[3:])
    for crystal in reversed(crystals):
        assert _equal(spool.get(crystal.candidate_id), crystal)
    with pytest.raises(KeyError):
        spool.get("never added")
    assert list(tmp_path.iterdir()) == []
