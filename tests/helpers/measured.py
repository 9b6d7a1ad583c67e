"""Made-up predictions beside labels, for tests of scores, pictures and cards."""

from __future__ import annotations

import numpy as np

from screening.data.targets import TARGETS
from screening.learning.measured import Measured


def made_up(crystals: int = 400, seed: int = 0, missing: float = 0.1, flagged: float = 0.0) -> Measured:
    """Laplace errors whose scale the intervals know; two fifths of the labels that can be zero are zero.

    flagged: part of the crystals that are out of domain; their errors are three times as large.
    """
    rng = np.random.default_rng(seed)
    shape = (crystals, len(TARGETS))
    labels = np.abs(rng.normal(size=shape)) * np.array([1.0, 0.1, 2.0, 0.05])
    zero = rng.random(shape) < 0.4
    zero[:, 0] = False
    labels = np.where(zero, 0.0, labels)
    outside = rng.random(crystals) < flagged
    scale = rng.uniform(0.5, 2.0, shape) * np.array([0.05, 0.02, 0.2, 0.005])
    error = rng.laplace(size=shape) * scale * np.where(outside, 3.0, 1.0)[:, None]
    half = scale * np.log(5.0)
    values = labels + error
    labels = np.where(rng.random(shape) < missing, np.nan, labels)
    low, high = values - half, values + half
    rows = np.arange(crystals)
    return Measured(tuple(TARGETS), rows, labels, values, low, high, outside if flagged else None, 0, 1000.0)
