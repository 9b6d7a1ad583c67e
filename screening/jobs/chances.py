"""The chances of candidates to be among the best of their lists, from figures that are rough for some of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.materials.task_merit import evaluate_task
from screening.ranking import ranking_settings
from screening.ranking.rank_groups import list_names
from screening.ranking.score_bounds import LEAST_SCORE, at_ends, best_scores, with_draws

FIRST_DRAWS, MORE_DRAWS = 32, 16
"""Draws before the first look, and before each further one. Only new draws tell what is missed: by those that chose
who is looked at, the others have too low chances."""
MISSED = 0.02
"""Share of the best of a list that may be expected among the candidates left out."""
_WELL_BELOW = 2
"""Candidates whose bound is below the score of so many times the best that count are not drawn at all."""

Lists = NDArray[np.object_]


@dataclass(frozen=True)
class Chances:
    """Possible scores of the R candidates that are within reach of the best, of B candidates.

    Attributes:
        rows: Their rows, ascending, (R,).
        draw: Scores and lists of r of them as a later stage may find them, in so many draws, (times, r).
        best: How many of each list have to be right.
        scores: In S draws, the last of them as the first stage has it, (S, R).
        lists: The list of the ranking in each, (S, R).
        known: Whose score is certain, (R,).
    """

    rows: NDArray[np.intp]
    draw: Callable[[NDArray[np.intp], int], tuple[Floats, Lists]]
    best: int
    scores: Floats
    lists: Lists
    known: Mask

    @classmethod
    def of(
        cls, table: pl.DataFrame, columns: Sequence[str], settled: Mask, task: Mapping[str, Any], best: int, seed: int
    ) -> Chances:
        """Draw what a later stage may find.

        Args:
            table: Predictions for B candidates.
            columns: Those that a later stage predicts anew.
            settled: Candidates whose figures will stay as they are, (B,).
            task: Figures of merit and ranking, as in `configs/task/`.
            best: How many of each list have to be right.
            seed: Of the draws.
        """
        rows = _within_reach(table, columns, task, _WELL_BELOW * best)
        part, known, generator = table[rows], settled[rows], np.random.default_rng(seed)

        def draw(own: NDArray[np.intp], times: int) -> tuple[Floats, Lists]:
            scores, lists = scores_and_lists(with_draws(part[own], columns, times, generator), task)
            return scores.reshape(times, -1), lists.reshape(times, -1)

        scores, lists = scores_and_lists(part, task)
        return cls(rows, draw, best, scores[None], lists[None], known).redrawn(FIRST_DRAWS)

    def redrawn(self, times: int) -> Chances:
        """The same with more draws, the new ones first."""
        scores, lists = np.repeat(self.scores[:1], times, axis=0), np.repeat(self.lists[:1], times, axis=0)
        own = np.flatnonzero(~self.known)
        scores[:, own], lists[:, own] = self.draw(own, times)
        return replace(self, scores=np.concatenate([scores, self.scores]), lists=np.concatenate([lists, self.lists]))

    def after(self, rows: NDArray[np.intp], scores: Floats, lists: Lists) -> Chances:
        """The same once some candidates within reach have their scores, (b,), and lists, (b,)."""
        own = np.searchsorted(self.rows, rows)
        scored, listed, known = self.scores.copy(), self.lists.copy(), self.known.copy()
        scored[:, own], listed[:, own], known[own] = scores, lists, True
        return replace(self, scores=scored, lists=listed, known=known)

    def without(self, rows: Sequence[int]) -> Chances:
        """The same once candidates within reach were refused."""
        return self.after(np.array(rows, dtype=np.intp), np.zeros(len(rows)), np.full(len(rows), "", dtype=object))

    @property
    def counts(self) -> NDArray[np.bool_]:
        """Whether each candidate, if its score is not certain, is among the best of its list in each draw, (S, R)."""
        among = np.zeros(self.scores.shape, dtype=bool)
        for row, (scores, lists) in enumerate(zip(self.scores, self.lists, strict=True)):
            for name in np.unique(lists):
                own = np.flatnonzero((lists == name) & (scores >= LEAST_SCORE))
                among[row, own[np.argsort(-scores[own], kind="stable")[: self.best]]] = True
        return among & ~self.known

    def next(self, least: int, most: int) -> NDArray[np.intp]:
        """The rows to look at next, the most promising first; none if only few of the best can be missed.

        Args:
            least: Fewest in a batch, if so many have a chance.
            most: Largest batch.
        """
        among = self.counts
        expected = float(among[:MORE_DRAWS].sum(axis=1).mean())
        if expected <= MISSED * self.best:
            return self.rows[:0]
        chances = among.mean(axis=0)
        waiting = np.argsort(-chances, kind="stable")[: np.count_nonzero(chances)]
        return self.rows[waiting[: min(most, max(least, round(expected)))]]


def scores_and_lists(table: pl.DataFrame, task: Mapping[str, Any]) -> tuple[Floats, Lists]:
    """Scores of B predictions and the list of each, (B,)."""
    settings = ranking_settings(task["ranking"])
    case = evaluate_task(table, task)
    return best_scores([case], settings), np.array(list_names(case, settings.groups), dtype=object)


def _within_reach(table: pl.DataFrame, columns: Sequence[str], task: Mapping[str, Any], many: int) -> NDArray[np.intp]:
    """Rows that reach the first so `many` of a list as they stand, if only with every figure at its best."""
    settings = ranking_settings(task["ranking"])
    cases = [evaluate_task(case, task) for case in at_ends(table, columns)]
    bounds, scores = best_scores(cases, settings), best_scores(cases[:1], settings)
    lists = [np.array(list_names(case, settings.groups), dtype=object) for case in cases]
    reached = np.zeros(table.height, dtype=bool)
    for name in np.unique(np.concatenate(lists)):
        firsts = np.sort(scores[lists[0] == name])[::-1][:many]
        least = max(LEAST_SCORE, float(firsts[-1]) if len(firsts) == many else 0.0)
        reached |= np.any([own == name for own in lists], axis=0) & (bounds >= least)
    return np.flatnonzero(reached)
