"""Joins the rows of all shards into what one machine would have read: assigns ids, rejects duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from screening.crystals import Rejection
from screening.crystals.reading.identity import Register
from screening.errors import ScreeningError

INPUT_SCHEMA: dict[str, type[pl.DataType]] = {
    "position": pl.Int64,
    "content": pl.UInt64,
    "wanted_id": pl.String,
    "source": pl.String,
    "crystal_digest": pl.UInt64,
    "stage": pl.String,
    "reason": pl.String,
    "crystal": pl.Binary,
}
"""Columns of a part besides the predictions, one row for each input. `stage` and `reason` are null if it was scored."""


@dataclass(frozen=True)
class Joined:
    """The joined shards.

    Attributes:
        predictions: Predictions of the scored crystals, in the order of the source.
        rejected: The rejected inputs.
        crystals: The stored crystals by candidate_id.
    """

    predictions: pl.DataFrame
    rejected: list[Rejection]
    crystals: Mapping[str, bytes]


def one_row_per_input(rows: pl.DataFrame, summaries: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """One row for each input, in the order of the source. An input that was scored twice counts once.

    Args:
        rows: Rows of all parts.
        summaries: The summaries of all shards.

    Raises:
        ScreeningError: If an input is missing, or if the shards have read different sources.
    """
    sources = {(summary["total"], summary["fingerprint"]) for summary in summaries}
    if len(sources) > 1:
        raise ScreeningError(
            "the shards have read different candidates: the files changed in between; delete the shards and rank again"
        )
    total = int(summaries[0]["total"])
    rows = rows.unique("position", keep="first", maintain_order=True).sort("position")
    if not np.array_equal(rows["position"].to_numpy(), np.arange(total)):
        raise ScreeningError(
            f"the parts hold {rows.height} of {total} candidates; run the shards again: they add the missing rows"
        )
    return rows


def join(rows: pl.DataFrame, order: Sequence[str]) -> Joined:
    """Assign ids and reject duplicates.

    Args:
        rows: Rows as from `one_row_per_input`: the columns of `INPUT_SCHEMA` and the predictions.
        order: Columns of the predictions, in order.
    """
    register = Register()
    rejected, scored, ids = [], [], []
    names = ("wanted_id", "source", "crystal_digest", "stage", "reason")
    for row, (wanted, source, digest, stage, reason) in enumerate(rows.select(names).iter_rows()):
        candidate_id = register.identify(wanted, source)
        duplicate = register.duplicate(digest, candidate_id) if digest is not None else ""
        if duplicate:
            rejected.append(Rejection(candidate_id, source, "sanity", duplicate))
        elif stage is not None:
            rejected.append(Rejection(candidate_id, source, stage, reason))
        else:
            scored.append(row)
            ids.append(candidate_id)
    kept = rows[np.array(scored, dtype=np.int64)].with_columns(pl.Series("candidate_id", ids, dtype=pl.String))
    crystals = dict(zip(ids, kept["crystal"].to_list(), strict=True))
    return Joined(kept.select(order), rejected, crystals)
