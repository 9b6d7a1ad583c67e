"""Applies an earlier review to a new ranking: rejected candidates are left out, approved ones are marked.

A candidate is the reviewed one if its `candidate_id`, its reduced formula and its crystal agree. None is enough alone:
ids repeat between files (`POSCAR`), formulas between structures, and a file may be another one by now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from screening.crystals import Crystal, Rejection
from screening.crystals.reading.identity import printable
from screening.ranking.agreement import Agreement, agreement, standings, standings_sentence
from screening.tracking.review_tags import APPROVE, HOLD, OPEN, REJECT
from screening.tracking.reviews import Review, ReviewedFinalist

if TYPE_CHECKING:
    import polars as pl

STAGE = "review"
APPROVED_FLAG = "approved"
DECISION_COLUMN = "review_decision"
_REASON_LENGTH = 300
_KEY = ["candidate_id", "formula"]


@dataclass(frozen=True)
class ReviewEffect:
    """What an earlier review did to a ranking, and how well the scores agreed with the reviewers.

    Attributes:
        review: The earlier review.
        agreement: Between the decisions and the scores that the reviewers saw.
        standings: Where the approved and held candidates stand now, as from `standings`.
        n_left_out: Number of candidates left out because they were rejected.
        n_ranked: Number of candidates in the new ranking.
    """

    review: Review
    agreement: Agreement
    standings: pl.DataFrame
    n_left_out: int
    n_ranked: int

    @property
    def lines(self) -> list[str]:
        """A summary for the terminal."""
        counts = ", ".join(f"{decision} {count}" for decision, count in self.review.counts.items())
        return [
            f"review {self.review.run_id} ({counts}): rejected there and left out here {self.n_left_out}",
            self.agreement.sentence,
            standings_sentence(self.standings, self.n_ranked),
        ]

    @property
    def record(self) -> dict[str, Any]:
        """The entry in run.json."""
        return {
            "run_id": self.review.run_id,
            "decisions": self.review.counts,
            "left_out": self.n_left_out,
            "agreement": self.agreement.record,
            "standings": self.standings.to_dicts(),
            "warnings": list(self.review.warnings),
            "metrics": self.metrics,
        }

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics in MLflow."""
        decisions = {f"review/{decision}": float(count) for decision, count in self.review.counts.items()}
        return {**decisions, "review/left_out": float(self.n_left_out), **self.agreement.metrics}


def of_these_crystals(review: Review, predictions: pl.DataFrame, crystal_of: Callable[[str], Crystal]) -> Review:
    """The review without what was said of other crystals that had the id and formula of a candidate.

    Args:
        review: The earlier review.
        predictions: The candidates.
        crystal_of: Gives the crystal of a candidate by its id.

    Returns:
        The review; each decision that does not count is named in its warnings.
    """
    wanted = {(entry.candidate_id, entry.formula) for entry in review.entries if entry.crystal}
    here = {key: crystal_of(key[0]).digest for key in predictions.select(_KEY).rows() if key in wanted}
    others = [e for e in review.entries if e.crystal and here.get((e.candidate_id, e.formula), e.crystal) != e.crystal]
    warnings = [
        f"{entry.name}: the crystal of this name is another one now; the decision {entry.decision!r} does not count"
        for entry in others
        if entry.decision != OPEN
    ]
    kept = tuple(entry for entry in review.entries if entry not in others)
    return replace(review, entries=kept, warnings=(*review.warnings, *warnings))


def without_rejected(predictions: pl.DataFrame, review: Review) -> tuple[pl.DataFrame, list[Rejection]]:
    """Split predictions into rows that no reviewer rejected and rejections of stage `review`."""
    import polars as pl

    rejected = {(entry.candidate_id, entry.formula): entry for entry in review.decided(REJECT)}
    keys = predictions.select(_KEY).rows()
    met = [
        Rejection(candidate_id, source, STAGE, _reason(rejected[candidate_id, formula]))
        for (candidate_id, formula), source in zip(keys, predictions["source"].to_list(), strict=True)
        if (candidate_id, formula) in rejected
    ]
    return predictions.filter(pl.Series([key not in rejected for key in keys], dtype=pl.Boolean)), met


def with_decisions(table: pl.DataFrame, review: Review) -> pl.DataFrame:
    """Add the column `review_decision` (null if undecided) and the flag `approved` to a ranked table."""
    import polars as pl

    rows = [(e.candidate_id, e.formula, e.decision) for e in review.entries if e.decision != OPEN]
    schema = dict.fromkeys((*_KEY, DECISION_COLUMN), pl.String)
    decisions = pl.DataFrame(rows, schema=schema, orient="row").unique(_KEY, keep="first")
    joined = table.join(decisions, on=_KEY, how="left", maintain_order="left")
    flags = pl.when(pl.col("flags") == "").then(None).otherwise(pl.col("flags"))
    marked = pl.concat_str(flags, pl.lit(APPROVED_FLAG), separator=";", ignore_nulls=True)
    return joined.with_columns(
        flags=pl.when(pl.col(DECISION_COLUMN) == APPROVE).then(marked).otherwise(pl.col("flags"))
    )


def agreement_of(review: Review) -> Agreement:
    """Agreement between the decisions and the scores that the reviewers saw."""
    approved, rejected = ([entry.score for entry in review.decided(kind)] for kind in (APPROVE, REJECT))
    return agreement(approved, rejected)


def review_effect(review: Review, table: pl.DataFrame, rejected: pl.DataFrame) -> ReviewEffect:
    """Summarize the effect of a review.

    Args:
        review: The earlier review.
        table: The new ranking.
        rejected: What was left out of it: `candidate_id, source, stage, reason`.
    """
    import polars as pl

    kept = [
        {"decision": e.decision, "candidate_id": e.candidate_id, "formula": e.formula, "rank": e.rank}
        for e in (*review.decided(APPROVE), *review.decided(HOLD))
    ]
    left_out = rejected.filter(pl.col("stage") == STAGE).height
    return ReviewEffect(review, agreement_of(review), standings(kept, table), left_out, table.height)


def _reason(entry: ReviewedFinalist) -> str:
    text = f"rejected by {entry.by}" if entry.by else "rejected by a reviewer"
    text = printable(f"{text}: {entry.comment}" if entry.comment else text)
    return text if len(text) <= _REASON_LENGTH else f"{text[:_REASON_LENGTH]}..."
