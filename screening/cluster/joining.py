"""The rows of all shards become the stream that one machine would have read: ids given, duplicates refused."""

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
"""Columns of a part beside the predictions: one row an input. stage, reason: null for a crystal that was scored."""


@dataclass(frozen=True)
class Joined:
    """predictions: of the scored crystals, in the order of the stream. crystals: candidate_id -> the stored crystal."""

    predictions: pl.DataFrame
    rejected: list[Rejection]
    crystals: Mapping[str, bytes]


def once_each(rows: pl.DataFrame, summaries: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """One row for each input of the source, in its order.

    An input that two jobs with the same shard have both scored counts once. Raises ScreeningError if one is missing or
    if the shards have not read the same source.
    """
    sources = {(said["total"], said["fingerprint"]) for said in summaries}
    if len(sources) > 1:
        raise ScreeningError(
            "the shards have read different candidates: the files changed between them; delete the shards and rank anew"
        )
    total = int(summaries[0]["total"])
    rows = rows.unique("position", keep="first", maintain_order=True).sort("position")
    if not np.array_equal(rows["position"].to_numpy(), np.arange(total)):
        raise ScreeningError(
            f"the parts hold {rows.height} of {total} candidates; run the shards again: they add what is missing"
        )
    return rows


def join(rows: pl.DataFrame, order: Sequence[str]) -> Joined:
    """rows: as `once_each` gives them, columns `INPUT_SCHEMA` and predictions; order: columns of the predictions."""
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
