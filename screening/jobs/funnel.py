"""Rankings in stages: a quick look at every candidate, full predictions for those that can be among the best.

The first stage gives rough figures with wide intervals. Its figures of merit, worked out at the favourable end of every
interval, bound the score that a candidate can have. Candidates go through the second stage in the order of their
bounds, until no bound reaches the score of the K-th best so far: how many that are follows from the intervals. The
others keep the figures of the first stage. A class has stages if its predictors name quick ones
(`PredictorKind.quick`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import polars as pl

from screening.configuration.rank import RankConfig
from screening.crystals import Crystal, Rejection
from screening.jobs.chances import MORE_DRAWS, Chances, scores_and_lists
from screening.jobs.kept_rows import FunnelRows
from screening.jobs.loaded import LoadedModels
from screening.jobs.opening import thorough_predictors
from screening.jobs.scoring import Tally, no_predictions, predictions, rank_predictions, space_groups
from screening.materials.predictors import Predictors
from screening.materials.stages import FIRST, SECOND, STAGE, THIRD
from screening.ranking.rank_groups import best_of_groups

BATCH, SMALLEST = 64, 16
"""Candidates of the second stage between two looks at the scores, at most and at least; each batch is kept on disk."""
_MOST_ROUNDS = 5

CrystalOf = Callable[[str], Crystal]
Join = Callable[[list[Crystal], pl.DataFrame], Mapping[str, Any]]


@dataclass(frozen=True)
class Funnel:
    """The stages of a ranking.

    Attributes:
        config: Its settings.
        predictors: Those of the second stage.
        tally: What becomes of the candidates.
        crystal_of: Gives a crystal as it was scored first, by its id.
        kept: Keeps rows of the later stages; None keeps none.
        models: Those that are loaded already.
    """

    config: RankConfig
    predictors: Predictors
    tally: Tally
    crystal_of: CrystalOf
    kept: FunnelRows | None = None
    models: LoadedModels | None = None

    def predictions(self, items: Iterable[Crystal | Rejection], join: Join) -> pl.DataFrame:
        """Predictions of all candidates, in the order they come, after as many stages as each needs."""
        few: list[Crystal | Rejection] = []
        items, predictors = iter(items), self.predictors
        if predictors.quick:
            few = list(islice(items, self.config.funnel.whole_below + 1))
            if len(few) > self.config.funnel.whole_below:
                predictors = predictors.at_first()
        tables = predictions(predictors, chain(few, items), self.config.batch_atoms, self.tally, join)
        return self.refined(pl.concat([no_predictions(predictors), *tables]))

    def refined(self, table: pl.DataFrame) -> pl.DataFrame:
        """Predictions of a first stage, replaced by those of the second for whom it takes; none without stages."""
        if not self.predictors.quick or not (table[STAGE] == FIRST).any():
            return table
        second = self.predictors.for_relaxed({}, SECOND)
        ids, task = table["candidate_id"], self.config.task_settings
        if table.height <= self.config.funnel.whole_below:
            return _with(table, ids.to_list(), self._predicted(second, ids.to_list()))
        best = max(self.config.funnel.keep, self.config.report.cards)
        settled = self.predictors.settled(table)
        with self.tally.stage("funnel"):
            chances = Chances.of(table, self.predictors.rough_columns, settled, task, best, self.config.seed)
        names, done = list[str](), [no_predictions(self.predictors)]
        while len(now := chances.next(SMALLEST, BATCH)):
            batch = ids.gather(now).to_list()
            found = self._predicted(second, batch)
            names, done = [*names, *batch], [*done, found]
            row_of = dict(zip(batch, now.tolist(), strict=True))
            there = np.array([row_of.pop(name) for name in found["candidate_id"]], dtype=np.intp)
            with self.tally.stage("funnel"):
                chances = chances.after(there, *scores_and_lists(found, task)).without(list(row_of.values()))
                chances = chances.redrawn(MORE_DRAWS)
        return _with(table, names, pl.concat(done))

    def finished(self, table: pl.DataFrame) -> pl.DataFrame:
        """Predictions with those of the third stage for the best, as many as get a card, if there is such a stage."""
        cards = self.config.report.cards
        learned = thorough_predictors(self.config, self.predictors, self.models) if cards else {}
        if not learned:
            return table
        last = self.predictors.for_relaxed(learned, THIRD)
        for _ in range(_MOST_ROUNDS):  # who comes up when others fall goes through it too
            best = best_of_groups(rank_predictions(table, self.config.task_settings), cards)
            names = best.filter(pl.col(STAGE).fill_null(SECOND) < THIRD)["candidate_id"].to_list()
            if not names:
                break
            table = _with(table, names, self._predicted(last, names))
        return table

    def _predicted(self, predictors: Predictors, names: Sequence[str]) -> pl.DataFrame:
        """Rows of a later stage for some candidates, those kept by an earlier run among them."""
        crystals = [self.crystal_of(name) for name in names]
        known = None if self.kept is None else self.kept.found(crystals, predictors.stage or SECOND)
        if known is not None:
            there = set(known["candidate_id"])
            crystals = [crystal for crystal in crystals if crystal.candidate_id not in there]
        found = self._run(predictors, crystals)
        if self.kept is not None and found.height:
            self.kept.add(crystals, found)
        return found if known is None else pl.concat([known, found])

    def _run(self, predictors: Predictors, crystals: list[Crystal]) -> pl.DataFrame:
        """Predictions of crystals that were scored before; who is refused now is no candidate any more."""
        own = Tally(seconds=self.tally.seconds)
        join = space_groups(self.config.task_settings, own)
        tables = list(predictions(predictors, crystals, self.config.batch_atoms, own, join))
        self.tally.rejected += own.rejected
        self.tally.scored -= len(own.rejected)
        return pl.concat([no_predictions(predictors), *tables])


def _with(table: pl.DataFrame, names: Sequence[str], later: pl.DataFrame) -> pl.DataFrame:
    """The table with the rows of a later stage for these candidates; those that were refused there have none."""
    places = table.select("candidate_id").with_row_index("_place")
    earlier = table.filter(~pl.col("candidate_id").is_in(names))
    both = pl.concat([earlier, later]).join(places, on="candidate_id", how="left", maintain_order="left")
    return both.sort("_place").drop("_place")
