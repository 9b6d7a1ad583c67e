"""The result of a comparison with measurements, and the statistics that it consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask


@dataclass(frozen=True)
class Comparison:
    """A ranking of the reference materials compared with their measurements.

    Attributes:
        table: One row per reference material, by rank; measured values are under `NAME_measured`.
        statistics: By quantity.
        sentences: The statistics in words.
        shown: A short table of text for the terminal.
    """

    table: pl.DataFrame
    statistics: dict[str, Any]
    sentences: list[str]
    shown: pl.DataFrame


def error_statistics(measured: Floats, predicted: Floats, rows: Mask, low: Floats, high: Floats) -> dict[str, Any]:
    """Count, mean absolute error, bias and coverage of [low, high] over the rows that have both values; all (B,).

    `not_predicted` counts the rows with a measurement but no prediction.
    """
    wanted = rows & np.isfinite(measured)
    both = wanted & np.isfinite(predicted)
    difference = (predicted - measured)[both]
    inside = (low <= measured) & (measured <= high)
    bounded = both & np.isfinite(low) & np.isfinite(high)
    return {
        "n": int(both.sum()),
        "not_predicted": int((wanted & ~both).sum()),
        "mae": _mean(np.abs(difference)),
        "bias": _mean(difference),
        "coverage": _mean(inside[bounded].astype(float)),
    }


def spearman(measured: Floats, predicted: Floats, rows: Mask) -> float | None:
    """Rank correlation over the rows that have both values; None for fewer than three."""
    from scipy.stats import spearmanr

    both = rows & np.isfinite(measured) & np.isfinite(predicted)
    if both.sum() < 3 or np.ptp(measured[both]) == 0 or np.ptp(predicted[both]) == 0:
        return None
    return float(spearmanr(measured[both], predicted[both]).statistic)


def class_statistics(measured: Sequence[str | None], predicted: Sequence[str | None]) -> dict[str, Any]:
    """Accuracy and confusion over the rows whose class was measured; a prediction of None counts as wrong."""
    pairs = [(m, p or "none") for m, p in zip(measured, predicted, strict=True) if m is not None]
    confusion: dict[str, dict[str, int]] = {}
    for m, p in pairs:
        row = confusion.setdefault(m, {})
        row[p] = row.get(p, 0) + 1
    right = sum(m == p for m, p in pairs)
    return {"n": len(pairs), "right": right, "accuracy": right / len(pairs) if pairs else None, "confusion": confusion}


def composition_baseline(counts: Floats, systems: Sequence[str], measured: Floats, rows: Mask) -> Floats:
    """A baseline from compositions: extra trees on the rows of all other chemical systems in the same table.

    Args:
        counts: Atoms of each element, (B, 119).
        systems: Chemical system of each row.
        measured: Measured values, (B,).
        rows: Which rows to use and to predict, (B,).

    Returns:
        Predictions, (B,); NaN outside `rows` and where fewer than two other rows were measured.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    from screening.tabular.composition_features import composition_features

    known = rows & np.isfinite(measured)
    result = np.full(len(measured), np.nan)
    features, names = composition_features(counts), np.asarray(systems)
    for system in np.unique(names[known]):
        own = known & (names == system)
        others = known & (names != system)
        if others.sum() >= 2:
            trees = ExtraTreesRegressor(n_estimators=50, max_features=0.5, random_state=0)
            result[own] = trees.fit(features[others], measured[others]).predict(features[own])
    return result


def constant_baseline(measured: Floats, rows: Mask) -> Floats:
    """A baseline for each row: the median of the values measured on the other rows, (B,)."""
    known = np.flatnonzero(rows & np.isfinite(measured))
    result = np.full(len(measured), np.nan)
    for row in known:
        others = known[known != row]
        if len(others):
            result[row] = np.median(measured[others])
    return result


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None
