"""A finished ranking for a caller in Python: the tables, and what is worked out or drawn only when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from screening.configuration.rank import RankConfig
from screening.errors import RequestError
from screening.finalists.build import finalists
from screening.finalists.finalist import Finalist
from screening.jobs.outcome import TableOutcome
from screening.jobs.scoring import rank_landmarks
from screening.materials.predictors import Predictors
from screening.ranking import best_of_groups
from screening.report.choices import first_columns
from screening.report.finalist_files import finalist_page
from screening.report.notebook import HtmlPage
from screening.report.page import ReportContent, render
from screening.report.structure_image import structure_png
from screening.tracking.decisions import ReviewEffect
from screening.tracking.ranking_folder import PAGE

_CARD_HEIGHT, _PAGE_HEIGHT = 700, 900


@dataclass(frozen=True, eq=False)
class Ranking(TableOutcome):
    """Candidates in order of their score.

    Attributes:
        table: One row a candidate that was scored, sorted by rank.
        rejected: The inputs without a row: `candidate_id, source, stage, reason`.
        crystal_of: Gives the crystal of an id as it was scored.
        config: The settings of the ranking.
        predictors: What it was predicted with.
        record: The content of `run.json`.
        review: What an earlier review did to this ranking, None if it was not asked for one.
        folder: Where its files are, None if there are none.
    """

    config: RankConfig = field(kw_only=True, repr=False)
    predictors: Predictors = field(kw_only=True, repr=False)
    record: dict[str, Any] = field(default_factory=dict, kw_only=True, repr=False)
    review: ReviewEffect | None = field(default=None, kw_only=True, repr=False)
    folder: Path | None = field(default=None, kw_only=True)

    @cached_property
    def landmarks(self) -> pl.DataFrame:
        """Known materials scored by the same models; no rows for a class that names none."""
        return rank_landmarks(self.predictors, self._task, self.config.batch_atoms)

    @cached_property
    def finalists(self) -> list[Finalist]:
        """The best, as many as `report.cards` says, the first of every list among them; each with its closer look."""
        return self._closer(best_of_groups(self.table, self.config.report.cards))

    def best(self, n: int = 10) -> pl.DataFrame:
        """Give the first n rows with all columns."""
        return self.table.head(n)

    def card(self, candidate_id: str) -> HtmlPage:
        """Draw the card of one candidate; its closer look is worked out now, which may take a while.

        Args:
            candidate_id: As in the table.

        Returns:
            The page, which shows itself in a notebook.

        Raises:
            RequestError: There is no such candidate.
        """
        if candidate_id not in self._cards:
            row = self.table.filter(candidate_id=candidate_id)
            if row.is_empty():
                raise RequestError(f"candidate_id={candidate_id}: not in the table")
            known = {finalist.candidate_id: finalist for finalist in self.__dict__.get("finalists", ())}
            finalist = known.get(candidate_id) or self._closer(row)[0]
            picture = structure_png(finalist.crystal)
            page = finalist_page(row.row(0, named=True), finalist, picture, self._content((finalist,)))
            self._cards[candidate_id] = HtmlPage(page, _CARD_HEIGHT)
        return self._cards[candidate_id]

    def report(self) -> HtmlPage:
        """Give the page of the whole ranking: that of the folder if there is one, else drawn now.

        Returns:
            The page, which shows itself in a notebook; `.save(path)` writes it.
        """
        if self.folder is not None:
            return HtmlPage((self.folder / PAGE).read_text(encoding="utf-8"), _PAGE_HEIGHT)
        return HtmlPage(render(self.content()), _PAGE_HEIGHT)

    def content(self) -> ReportContent:
        """All that the report shows."""
        content = replace(self._content(self.finalists), landmarks=self.landmarks, run=self.record)
        return replace(content, files=self.folder is not None)

    @cached_property
    def _cards(self) -> dict[str, HtmlPage]:
        return {}

    @cached_property
    def _task(self) -> dict[str, Any]:
        return self.config.task_settings

    @property
    def _shown_columns(self) -> Sequence[str]:
        return first_columns(self._task, self.table.columns)

    def _closer(self, rows: pl.DataFrame) -> list[Finalist]:
        return finalists(rows, self.crystal_of, self._task, self.config.class_keys, self.predictors.learned)

    def _content(self, shown: Sequence[Finalist]) -> ReportContent:
        none = self.table.clear()
        return ReportContent(self.table, self.rejected, none, {}, self._task, shown, self.config.report.language)
