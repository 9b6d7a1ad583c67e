"""Rankings in stages: a quick look at every candidate, full predictions for those that can be among the best.

The first stage gives rough figures with wide intervals. Its figures of merit, worked out at the favourable end of every
interval, bound the score that a candidate can have. Candidates go through the second stage in the order of their bounds,
until no bound reaches the score of the K-th best so far: how many that are follows from the intervals. The others keep
the figures of the first stage. A class has stages if its predictors name quick ones (`PredictorKind.quick`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.configuration.rank import RankConfig
from screening.crystals import Crystal, Rejection
from screening.jobs.scoring import Tally, no_predictions, predictions, rank_predictions, space_groups
from screening.materials.predictors import FIRST, SECOND, STAGE, THIRD, Predictors
from screening.materials.task_merit import evaluate_task
from screening.ranking import ranking_settings
from screening.ranking.bounds import at_ends, best_scores
from screening.ranking.rank_groups import GROUP, group_names

BATCH = 64
"""Candidates of the second stage between two looks at the scores; each batch is kept on disk."""
_LEAST_SCORE = 1e-4
"""Scores are rounded to this; who cannot reach it needs no second stage."""

CrystalOf = Callable[[str], Crystal]
Join = Callable[[list[Crystal], pl.DataFrame], Mapping[str, Any]]


class KeptRows(Protocol):
    """Where predictions of the second stage are kept, should the job be stopped."""

    def found(self, crystals: list[Crystal]) -> pl.DataFrame | None:
        """The rows of those that were predicted before."""

    def add(self, crystals: list[Crystal], table: pl.DataFrame) -> None:
        """Keep new rows."""


@dataclass(frozen=True)
class Funnel:
    """The stages of a ranking.

    Attributes:
        config: Its settings.
        predictors: Those of the second stage.
        tally: What becomes of the candidates.
        crystal_of: Gives a crystal as it was scored first, by its id.
        kept: Keeps rows of the second stage; None keeps none.
    """

    config: RankConfig
    predictors: Predictors
    tally: Tally
    crystal_of: CrystalOf
    kept: KeptRows | None = None

    def predictions(self, items: Iterable[Crystal | Rejection], join: Join) -> pl.DataFrame:
        """Predictions of all candidates, in the order they come, after as many stages as each needs."""
        items = iter(items)
        most = self.config.funnel.whole_below if self.predictors.quick else 0
        few = list(islice(items, most + 1)) if most else []
        whole = len(few) <= most
        predictors = self.predictors if whole or not self.predictors.quick else self.predictors.at_first()
        tables = predictions(predictors, chain(few, items), self.config.batch_atoms, self.tally, join)
        return self.refined(pl.concat([no_predictions(predictors), *tables]))

    def refined(self, table: pl.DataFrame) -> pl.DataFrame:
        """Predictions of a first stage with those of the second in place of them, for whom it takes; others stay."""
        if not self.predictors.quick or not (table[STAGE] == FIRST).any():
            return table
        bounds, lists = self._bounds(table)
        done: list[pl.DataFrame] = []
        waiting = np.lexsort((table["candidate_id"].to_numpy(), -bounds))
        best = _Best(self._most)
        whole = table.height <= self.config.funnel.whole_below
        while len(waiting):
            reach = np.ones(len(waiting), bool) if whole else best.can_reach(bounds[waiting], [lists[i] for i in waiting])
            now = waiting[reach][:BATCH]
            if not len(now):
                break
            done.append(self._predicted([self.crystal_of(name) for name in table["candidate_id"][now]], SECOND))
            ranked = rank_predictions(pl.concat(done), self.config.task_settings)
            best = _Best.of(ranked, self._most)
            waiting = waiting[~np.isin(waiting, now)]
        return self._replaced(table, done)
