"""Whether intervals hold at every level, not only at 80 %: expected against observed coverage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.learning.calibration import nontrivial
from screening.learning.measured import Measured
from screening.tabular.quantiles import COVERAGE

LEVELS = np.round(np.arange(0.10, 0.951, 0.05), 2)
"""Nominal coverages."""
_FEWEST = 20


def half_widths(measured: Measured, target: int) -> Floats:
    """(B,) half-widths of the 80 % interval; the longer arm where the other one ends at a physical bound."""
    value = measured.values[:, target]
    return np.maximum(measured.high[:, target] - value, value - measured.low[:, target])


def level_factors(calibration: Measured | None, target: str) -> Floats:
    """(L,) by which the 80 % half-width is multiplied to reach each level.

    Taken from the calibration split as the 80 % factor is (quantiles of error over half-width of its non-trivial rows);
    with fewer than 20 of these, as for a Laplace law of errors.
    """
    if calibration is not None and target in calibration.targets:
        i = calibration.targets.index(target)
        label = calibration.labels[:, i]
        rows = nontrivial(target, label)
        if rows.sum() >= _FEWEST:
            error = np.abs(calibration.values[rows, i] - label[rows])
            return np.quantile(error / np.maximum(half_widths(calibration, i)[rows], 1e-12), LEVELS)
    return np.asarray(np.log(1 - LEVELS) / np.log(1 - COVERAGE))


def observed_coverage(measured: Measured, target: int, factors: Floats, rows: NDArray[np.bool_]) -> Floats:
    """(L,) share of these rows' labels inside the interval of each level; rows: (B,) labelled ones."""
    error = np.abs(measured.values[rows, target] - measured.labels[rows, target])
    return np.asarray((error[:, None] <= half_widths(measured, target)[rows, None] * factors).mean(axis=0))
