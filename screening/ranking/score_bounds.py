"""The best score that a candidate can still reach, while some of its figures are only rough."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.ranking.ranked import SCORE_DECIMALS, RankingSettings

LEAST_SCORE = 10.0**-SCORE_DECIMALS
"""Scores are rounded to this; the order of those below it is that of the tie break."""
_ENDS = ("", "_lo", "_hi")


def at_ends(table: pl.DataFrame, columns: Sequence[str]) -> list[pl.DataFrame]:
    """A table of predictions as it is, and with some quantities exactly at either end of their intervals.

    Args:
        table: Predictions.
        columns: Those that a later stage predicts anew; the ones without `_lo` and `_hi` stay as they are.
    """
    rough = [name for name in columns if {f"{name}_lo", f"{name}_hi"} <= set(columns)]
    ends = [table]
    for end in _ENDS[1:]:
        moved = [pl.coalesce(f"{name}{end}", name).alias(f"{name}{to}") for name in rough for to in _ENDS]
        ends.append(table.with_columns(moved))
    return ends


def best_scores(cases: Sequence[pl.DataFrame], settings: RankingSettings) -> Floats:
    """Upper bounds of scores, (B,): every gate and the objective at their best among the cases.

    Args:
        cases: The same B candidates with their figures of merit, each with other predictions.
        settings: Gates and objective.
    """
    score = np.max([settings.objective.expected(case) for case in cases], axis=0)
    for gate in settings.gates.values():
        score = score * np.max([gate.probabilities(case) for case in cases], axis=0)
    return np.asarray(np.round(score, SCORE_DECIMALS))
