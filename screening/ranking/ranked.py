"""The ranking: a score for each candidate from its gates and its objective, the order, and Pareto fronts.

score = product over the gates of P(passed) x E[objective] / scale

The expectation is over the objective's predictive distribution. The gates count as independent of each other and of
the objective. The scale is the objective's value in a well-known material, so a score of 1 means "certainly as good as
that one"; a better material scores above 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.columns import GATE_PREFIX, GATE_SUFFIX
from screening.errors import RequestError
from screening.materials.arrays import floats, number_column, require_columns
from screening.materials.sampling import Distribution
from screening.ranking.gates import WaivableGate
from screening.ranking.pareto import pareto_fronts
from screening.ranking.places import place_range
from screening.ranking.rank_groups import grouped, list_names
from screening.settings import build_settings, settings_class

SCORE_DECIMALS = 4
"""Scores are rounded to this: a few hundred samples do not resolve smaller differences. The tie break then orders the
candidates whose score is practically zero."""
_TIE_DECIMALS = 12
_TIE_FACTOR = 1.25
"""Tie breaks within one such step count as alike, as most intervals are wider; the fronts, with all objectives, decide
between them first."""


@settings_class
class ObjectiveSettings:
    """The figure of merit to maximise.

    Attributes:
        column: Its column.
        scale: The value that scores 1, in the column's unit.
        when_unknown: The score of a null.
    """

    column: str
    scale: float
    when_unknown: float = 0.0

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise RequestError(f"objective.scale: expected a number above 0, got {self.scale}")

    def expected(self, table: pl.DataFrame) -> Floats:
        """(B,) E[objective] / scale; an objective is never negative."""
        require_columns(table, [self.column])
        mean = Distribution.from_table(table, self.column, lower=0.0).mean()
        return np.nan_to_num(mean / self.scale, nan=self.when_unknown)

    def ends(self, table: pl.DataFrame) -> tuple[Floats, Floats]:
        """(B,) the ends of the objective's 80 % interval over the scale, from 0."""
        found = Distribution.from_table(table, self.column, lower=0.0)
        low, high = (
            np.nan_to_num(np.maximum(end, 0) / self.scale, nan=self.when_unknown) for end in (found.lo, found.hi)
        )
        return low, high


@settings_class
class ParetoAxis:
    """One objective of the Pareto fronts."""

    column: str
    maximise: bool


@settings_class
class RankingSettings:
    """How a task ranks.

    Attributes:
        gates: Conditions by name.
        objective: The figure of merit to maximise.
        tie_break: Columns whose product orders equal scores, larger first.
        pareto: Objectives of the fronts.
        groups: Columns whose values together name the list of a candidate; empty: all are in one list.
    """

    gates: dict[str, WaivableGate]
    objective: ObjectiveSettings
    tie_break: tuple[str, ...]
    pareto: tuple[ParetoAxis, ...]
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.pareto:
            raise RequestError("task.ranking.pareto: expected at least one objective")


def ranking_settings(values: Mapping[str, Any]) -> RankingSettings:
    """Settings from the task's section `ranking`.

    Raises:
        RequestError: A key or value is wrong; the message names it.
    """
    return build_settings(RankingSettings, values, "task.ranking")


def rank_table(table: pl.DataFrame, settings: RankingSettings) -> pl.DataFrame:
    """Rank a table of candidates.

    Every row is kept; one that fails a gate ranks low. Equal scores are ordered by the product of the `tie_break`
    columns (larger first, null last), those within a quarter by their Pareto front first; then by `candidate_id`, so
    the result does not depend on the order of rows.

    Args:
        table: Candidates with their figures of merit.
        settings: Gates, objective, tie break and fronts.

    Returns:
        The table sorted by rank, with `rank`, `score`, `pareto_front`, `limiting_gate` (the gate with the lowest
        probability; null if all are certain to be passed), `gate_<name>_probability`, and the places in its list
        between which the objective's uncertainty leaves it, `best_place` and `worst_place`. With `groups` also
        `rank_group`, the list of a candidate, and `rank_in_group`, its place there.

    Raises:
        RequestError: A column is missing.
    """
    axes_named = (axis.column for axis in settings.pareto)
    require_columns(table, ["candidate_id", *settings.tie_break, *axes_named, *settings.groups])
    gates = {name: gate.probabilities(table) for name, gate in settings.gates.items()}
    passed = np.prod(np.stack([*gates.values(), np.ones(table.height)]), axis=0)
    score = np.round(passed * settings.objective.expected(table), SCORE_DECIMALS)
    ties = np.prod(np.stack([*(floats(table, name) for name in settings.tie_break), np.ones(table.height)]), axis=0)
    axes = [floats(table, axis.column) * (1 if axis.maximise else -1) for axis in settings.pareto]
    low, high = (np.round(passed * end, SCORE_DECIMALS) for end in settings.objective.ends(table))
    scored = table.with_columns(
        number_column("score", score),
        pl.Series("pareto_front", pareto_fronts(np.stack(axes, axis=1)), dtype=pl.Int64),
        _limiting_gate(gates, table.height),
        *(number_column(f"{GATE_PREFIX}{name}{GATE_SUFFIX}", values) for name, values in gates.items()),
    )
    placed = scored.with_columns(place_range(scored, low, high, list_names(table, settings.groups)))
    return grouped(_ordered(placed, np.round(ties, _TIE_DECIMALS)), settings.groups)


def _ordered(scored: pl.DataFrame, ties: Floats) -> pl.DataFrame:
    """The table by falling score, with `rank`; ties by the steps of the tie break, the fronts and the tie break."""
    with np.errstate(divide="ignore"):
        steps = np.floor(np.log(np.maximum(ties, 0)) / np.log(_TIE_FACTOR))
    keys = {"score": True, "_steps": True, "pareto_front": False, "_ties": True, "candidate_id": False}
    with_ties = scored.with_columns(number_column("_steps", steps), number_column("_ties", ties))
    ordered = with_ties.sort(list(keys), descending=list(keys.values()), nulls_last=True).drop("_steps", "_ties")
    return ordered.insert_column(0, pl.Series("rank", np.arange(1, scored.height + 1), dtype=pl.Int64))


def _limiting_gate(gates: dict[str, Floats], n_rows: int) -> pl.Series:
    if not gates:
        return pl.Series("limiting_gate", [None] * n_rows, dtype=pl.String)
    names = list(gates)
    stacked = np.stack(list(gates.values()))
    lowest = stacked.argmin(axis=0)
    certain = stacked.min(axis=0) >= 1.0
    limiting = [None if sure else names[index] for index, sure in zip(lowest, certain, strict=True)]
    return pl.Series("limiting_gate", limiting, dtype=pl.String)
