"""The lists of a ranking in the report: the first rows of each, and the words for their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from screening.columns import Column
from screening.ranking import lists_of
from screening.report.cells import TableCell, cells
from screening.report.choices import first_columns
from screening.report.texts import Catalogue

SHOWN = 10
"""Rows of each list in its table; the ranking below has all of them."""
_LEFT_OUT = ("rank", "rank_group", "rank_in_group", "flags", "why", "review_decision")
_PLACE = "rank_in_group"


@dataclass(frozen=True)
class RankedList:
    """One list of a ranking.

    Attributes:
        name: Its name in words.
        count: How many candidates are in it.
        columns: Those of the table.
        rows: Its first candidates: rank over all, and the cells.
    """

    name: str
    count: int
    columns: list[Column]
    rows: list[tuple[int, list[TableCell]]]


def ranked_lists(ranking: pl.DataFrame, task: Mapping[str, Any], texts: Catalogue) -> list[RankedList]:
    """The lists of a ranking, that of the best candidate first; none for a ranking without groups or rows."""
    groups = [str(name) for name in (task.get("ranking") or {}).get("groups") or ()]
    if not groups or ranking.is_empty() or _PLACE not in ranking.columns:
        return []
    left_out = (*_LEFT_OUT, *groups)
    names = [_PLACE, *(name for name in first_columns(task, ranking.columns) if name not in left_out)]
    specs = [texts.column(name) for name in names]
    found = []
    for group, part in lists_of(ranking):
        rows = [(row["rank"], cells(row, names, texts)) for row in part.head(SHOWN).iter_rows(named=True)]
        found.append(RankedList(texts.group(group), part.height, specs, rows))
    return found
