"""The quantile of split-conformal prediction, for whatever has errors: no networks are needed for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

COVERAGE = 0.8
"""Part of the errors that an interval is to cover."""


def conformal_quantile(scores: NDArray[np.floating]) -> float:
    """The ceil((n + 1) 0.8)-th smallest score: the finite-sample quantile of split-conformal prediction."""
    n = len(scores)
    k = min(n, int(np.ceil((n + 1) * COVERAGE)))
    return float(np.partition(scores, k - 1)[k - 1])
