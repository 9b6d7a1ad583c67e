"""Decisions of an earlier review in the next ranking: rejected candidates are left out, approved ones are marked.

A candidate is the one that was reviewed if its `candidate_id` and its reduced formula both agree: ids alone repeat
between files (`POSCAR`), formulas between structures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from screening.crystals import Crystal, Rejection
from screening.crystals.identity import printable
from screening.tracking.review_tags import APPROVE, OPEN, REJECT
from screening.tracking.reviews import Entry, Review

if TYPE_CHECKING:
    import polars as pl

STAGE = "review"
APPROVED_FLAG = "approved"
DECISION_COLUMN = "review_decision"
_REASON_LENGTH = 300
_KEY = ["candidate_id", "formula"]


def without_rejected(items: Iterable[Crystal | Rejection], review: Review) -> Iterator[Crystal | Rejection]:
    """The stream of candidates in which those that a reviewer rejected have become rejections of stage `review`."""
    rejected = {(entry.candidate_id, entry.formula): entry for entry in review.decided(REJECT)}
    for item in items:
        entry = rejected.get((item.candidate_id, item.formula)) if isinstance(item, Crystal) else None
        yield item if entry is None else Rejection(item.candidate_id, item.source, STAGE, _reason(entry))


def with_decisions(table: pl.DataFrame, review: Review) -> pl.DataFrame:
    """A ranked table with `review_decision` (null where none was made) and the flag `approved` on approved rows."""
    import polars as pl

    rows = [(e.candidate_id, e.formula, e.decision) for e in review.entries if e.decision != OPEN]
    schema = dict.fromkeys((*_KEY, DECISION_COLUMN), pl.String)
    decisions = pl.DataFrame(rows, schema=schema, orient="row")
    joined = table.join(decisions, on=_KEY, how="left", maintain_order="left")
    flags = pl.when(pl.col("flags") == "").then(None).otherwise(pl.col("flags"))
    marked = pl.concat_str(flags, pl.lit(APPROVED_FLAG), separator=";", ignore_nulls=True)
    return joined.with_columns(
        flags=pl.when(pl.col(DECISION_COLUMN) == APPROVE).then(marked).otherwise(pl.col("flags"))
    )


def _reason(entry: Entry) -> str:
    text = f"rejected by {entry.by}" if entry.by else "rejected by a reviewer"
    text = printable(f"{text}: {entry.comment}" if entry.comment else text)
    return text if len(text) <= _REASON_LENGTH else f"{text[:_REASON_LENGTH]}..."
