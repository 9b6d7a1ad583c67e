"""Places that a candidate may take as far as the uncertainty of the objective goes.

Scores are sorted to the last digit, but a lead smaller than the interval decides nothing. The range of places says so:
candidates whose ranges overlap are alike as far as the predictions can tell.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from screening.array_types import Floats

PLACES = ("best_place", "worst_place")


def place_range(ranked: pl.DataFrame, low: Floats, high: Floats, groups: list[str]) -> list[pl.Series]:
    """Best and worst place of each candidate in its list, the others keeping their scores.

    A candidate of score `high` stands behind those of a higher score, and one of score `low` behind those of a score
    not below it.

    Args:
        ranked: B candidates with their `score`.
        low: (B,) scores with the objective at the lower end of its 80 % interval.
        high: (B,) scores with the objective at its upper end.
        groups: The list of each candidate, B names.

    Returns:
        The columns `best_place` and `worst_place`, from 1.
    """
    score = ranked["score"].to_numpy()
    names = np.array(groups, dtype=object)
    best, worst = np.ones(ranked.height, dtype=np.int64), np.ones(ranked.height, dtype=np.int64)
    for name in dict.fromkeys(groups):
        rows = np.flatnonzero(names == name)
        rising = np.sort(score[rows])
        at_best = np.maximum(high[rows], score[rows])
        at_worst = np.minimum(low[rows], score[rows])
        best[rows] = 1 + rows.size - np.searchsorted(rising, at_best, side="right")
        worst[rows] = rows.size - np.searchsorted(rising, at_worst, side="left")
    return [pl.Series(PLACES[0], best, dtype=pl.Int64), pl.Series(PLACES[1], worst, dtype=pl.Int64)]
