"""Lists within one ranking: candidates that compete only with their like, such as those of one use."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

GROUP, PLACE = "rank_group", "rank_in_group"
UNKNOWN = "unknown"
"""Stands in the name of a group for a value that is not known."""


def grouped(ranked: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The ranked table with the list of each row and its place there, next to `rank`; as it is without columns.

    Args:
        ranked: Sorted by rank.
        columns: Their values, joined by spaces, name the list.
    """
    if not columns:
        return ranked
    named = ranked.with_columns(pl.Series(GROUP, list_names(ranked, columns), dtype=pl.String))
    placed = named.with_columns(pl.col("rank").rank("ordinal").over(GROUP).cast(pl.Int64).alias(PLACE))
    return placed.select("rank", GROUP, PLACE, pl.exclude("rank", GROUP, PLACE))


def list_names(table: pl.DataFrame, columns: Sequence[str]) -> list[str]:
    """The name of the list of each row, made of the values of these columns; empty without columns."""
    if not columns:
        return [""] * table.height
    words = [pl.col(name).cast(pl.String).fill_null(UNKNOWN) for name in columns]
    names: list[str] = table.select(pl.concat_str(words, separator=" ")).to_series().to_list()
    return names


def lists_of(ranked: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """The lists of a ranked table by name, each sorted by rank, that of the best candidate first.

    A table without groups or rows is one list without a name.
    """
    if GROUP not in ranked.columns or ranked.is_empty():
        return [("", ranked)]
    parts = ranked.sort("rank").partition_by(GROUP, maintain_order=True)
    return [(str(part[GROUP][0]), part) for part in parts]


def best_of_groups(ranked: pl.DataFrame, n: int) -> pl.DataFrame:
    """The n best rows, sorted by rank, with the first of every list among them as far as n goes.

    Lists whose best has no score at all are left to the others.
    """
    if GROUP not in ranked.columns or ranked.height <= n:
        return ranked.head(n)
    leader = (pl.col(PLACE) == 1) & (pl.col("score") > 0)
    chosen = ranked.sort([~leader, pl.col("rank")]).head(n)
    return chosen.sort("rank")
