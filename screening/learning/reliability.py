"""Expected against observed coverage of the intervals at all levels, not only at 80 %."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.learning.calibration import nontrivial
from screening.learning.measured import Measured
from screening.tabular.quantiles import COVERAGE

LEVELS = np.round(np.arange(0.10, 0.951, 0.05), 2)
"""Nominal coverages (L levels)."""
_FEWEST = 20


def half_widths(measured: Measured, target: int) -> Floats:
    """(B,) half-widths of the 80 % interval; the longer side, since the other may be cut at a physical bound."""
    value = measured.values[:, target]
    return np.maximum(measured.high[:, target] - value, value - measured.low[:, target])


def level_factors(calibration: Measured | None, target: str) -> Floats:
    """Factors from the 80 % half-width to that of each level.

    They are quantiles of error over half-width, as for the 80 % factor itself. With fewer than 20 rows they are those
    of a Laplace distribution.

    Args:
        calibration: The calibration split; its non-trivial rows are used.
        target: The target.

    Returns:
        (L,) factors.
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
    """Share of labels inside the interval of each level.

    Args:
        measured: Predictions of B labelled crystals.
        target: Index of the target.
        factors: (L,) factors, as from `level_factors`.
        rows: (B,) mask of labelled crystals.

    Returns:
        (L,) coverages.
    """
    error = np.abs(measured.values[rows, target] - measured.labels[rows, target])
    return np.asarray((error[:, None] <= half_widths(measured, target)[rows, None] * factors).mean(axis=0))
