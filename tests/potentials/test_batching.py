"""Batches hold every crystal once, are of about the size asked for, and leave no core without work."""

from __future__ import annotations

import numpy as np
import pytest

from screening.potentials.batching import spans

SIZES = np.random.default_rng(0).integers(2, 40, 50)


@pytest.mark.parametrize("cores", [1, 2, 7])
@pytest.mark.parametrize("batch_atoms", [1, 100, 10_000])
def test_every_crystal_is_in_one_batch(batch_atoms: int, cores: int) -> None:
    found = list(spans(SIZES, batch_atoms, cores))
    assert [row for span in found for row in range(*span)] == list(range(len(SIZES)))
    assert all(SIZES[start : stop - 1].sum() < batch_atoms for start, stop in found)


def test_few_atoms_are_shared_by_all_cores() -> None:
    assert len(list(spans(SIZES, 10_000))) == 1
    shares = [SIZES[slice(*span)].sum() for span in spans(SIZES, 10_000, 2)]
    assert len(shares) == 2 and abs(shares[0] - shares[1]) < 2 * SIZES.max()
    assert list(spans(np.array([30]), 256, 2)) == [(0, 1)]
    assert list(spans(np.zeros(0, dtype=np.int64), 256, 2)) == []
