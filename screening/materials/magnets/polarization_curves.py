"""Polarization of the best magnets over temperature, as the ranking calculates it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.materials.base import Curve
from screening.materials.magnets.merit import MagnetSettings, evaluate

COLUMN = "mu0_Ms_T"
_STEP_K, _LEAST_K, _MOST_K = 10.0, 400.0, 1400.0
_LOST_T = 1e-3


def polarization_curves(rows: pl.DataFrame, settings: MagnetSettings) -> list[Curve | None]:
    """Curves from 0 K up to the temperature where the order is certainly lost, at most 1,400 K.

    Args:
        rows: B rows of a ranked table.
        settings: Those of the ranking.

    Returns:
        A curve for each row; None if the polarization is unknown at some temperature or zero at all of them.
    """
    curie = rows["curie_temperature_K_hi"].drop_nulls().to_list() if "curie_temperature_K_hi" in rows.columns else []
    last = min(max([_LEAST_K, *curie]) + 2 * _STEP_K, _MOST_K)
    temperatures = np.arange(0.0, last, _STEP_K)
    tables = [evaluate(rows, replace(settings, temperature_K=float(t))) for t in temperatures]
    value, low, high = (
        np.array([table[f"{COLUMN}{end}"].to_numpy() for table in tables]) for end in ("", "_lo", "_hi")
    )
    return [_curve(temperatures, *(part[:, row] for part in (value, low, high))) for row in range(rows.height)]


def _curve(temperatures: Floats, value: Floats, low: Floats, high: Floats) -> Curve | None:
    if not np.isfinite([value, low, high]).all() or value.max() <= 0:
        return None
    last = min(int(np.flatnonzero(high > _LOST_T).max()) + 2, len(temperatures))
    x, y, lo, hi = (tuple(line[:last].tolist()) for line in (temperatures, value, low, high))
    return Curve("polarization", x, y, lo, hi)
