"""Scores that candidates may still get while some of their figures are only rough.

A later stage replaces a rough figure by a better one: its interval becomes narrower, and its value moves within the
first interval. If both are calibrated, the variances of what remains and of the move add up to that of the first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.materials.sampling import Z90, Distribution
from screening.ranking.ranked import SCORE_DECIMALS, RankingSettings

LEAST_SCORE = 10.0**-SCORE_DECIMALS
"""Scores are rounded to this; the order of those below it is that of the tie break."""
_REMAINS = 0.7
"""Width of an interval of the second stage over that of the first: measured 0.6 (hulls) to 0.85 (volumes)."""
_FARTHEST = 1.5
"""In half intervals: one of 300 values moves farther to one side."""
_ENDS = ("", "_lo", "_hi")


def rough_names(columns: Sequence[str]) -> list[str]:
    """The quantities with an interval among the columns that a later stage predicts anew."""
    return [name for name in columns if {f"{name}_lo", f"{name}_hi"} <= set(columns)]


def at_ends(table: pl.DataFrame, columns: Sequence[str]) -> list[pl.DataFrame]:
    """A table of predictions as it is, and with rough quantities exactly at either end of what a later stage may find.

    Args:
        table: Predictions.
        columns: Those that a later stage predicts anew; the ones without `_lo` and `_hi` stay as they are.
    """
    ends = [table]
    for end in _ENDS[1:]:
        beyond = {
            name: pl.col(name) + _FARTHEST * (pl.col(f"{name}{end}") - pl.col(name)) for name in rough_names(columns)
        }
        moved = [pl.coalesce(to, name).alias(f"{name}{part}") for name, to in beyond.items() for part in _ENDS]
        ends.append(table.with_columns(moved))
    return ends


def with_draws(table: pl.DataFrame, columns: Sequence[str], times: int, generator: np.random.Generator) -> pl.DataFrame:
    """Predictions as a later stage may give them: B candidates so many times over, each time with other figures.

    Args:
        table: Their predictions by the first stage.
        columns: Those that a later stage predicts anew.
        times: Number of draws.
        generator: Draws.
    """
    new = []
    for name in rough_names(columns):
        found = Distribution.from_table(table, name)
        score = generator.standard_normal((times, table.height))
        below, above = found.value - found.lo, found.hi - found.value
        value = found.value + np.sqrt(1 - _REMAINS**2) * score * np.where(score < 0, below, above) / Z90
        ends = (value, value - _REMAINS * below, value + _REMAINS * above)
        new += [pl.Series(f"{name}{end}", to.ravel(), nan_to_null=True) for end, to in zip(_ENDS, ends, strict=True)]
    return pl.concat([table] * times).with_columns(new)


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
