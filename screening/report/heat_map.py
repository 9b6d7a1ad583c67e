"""Scores by element, laid out as the periodic table."""

from __future__ import annotations

from typing import Any

import polars as pl

from screening.chemistry.elements import SYMBOLS
from screening.report.texts import Catalogue

_LAST = 103
_LANTHANUM, _LUTETIUM, _ACTINIUM = 57, 71, 89
_F_ROWS = {_LANTHANUM: 8, _ACTINIUM: 9}
_BEST_NAMED = 5


def element_scores(ranking: pl.DataFrame) -> pl.DataFrame:
    """Scores of the candidates that contain each element.

    Returns:
        A row an element, the best first: `element, best, mean, count, formula`, where `best` and `mean` are scores,
        `count` is a number of candidates, and `formula` is that of the best one.
    """
    held = ranking.select(
        pl.col("formula").str.extract_all(r"[A-Z][a-z]?").list.unique().alias("element"), "formula", "score", "rank"
    ).explode("element")
    return (
        held.filter(pl.col("element").is_in(SYMBOLS[1 : _LAST + 1]) & pl.col("score").is_not_null())
        .sort("rank")
        .group_by("element", maintain_order=True)
        .agg(
            pl.col("score").max().alias("best"),
            pl.col("score").mean().alias("mean"),
            pl.len().alias("count"),
            pl.col("formula").sort_by("score", descending=True).first().alias("formula"),
        )
        .sort("best", "count", "element", descending=[True, True, False])
    )


def places() -> list[tuple[str, int, int]]:
    """Symbol, row and column of every element from H to Lr, counted from 0; the f block is below the others."""
    return [(SYMBOLS[z], *_place(z)) for z in range(1, _LAST + 1)]


def _place(z: int) -> tuple[int, int]:
    for start, row in _F_ROWS.items():
        if start <= z <= start + _LUTETIUM - _LANTHANUM:
            return row, z - start + 3
    from pymatgen.core.periodic_table import Element

    element = Element.from_Z(z)
    return element.row - 1, element.group - 1


def heat_map(ranking: pl.DataFrame, texts: Catalogue) -> dict[str, Any]:
    """Data for the page's script: places and scores of the elements, and the best of them as text."""
    scores = element_scores(ranking)
    spec = texts.column("score")
    known = {
        row["element"]: [round(row["best"], 4), round(row["mean"], 4), row["count"], row["formula"]]
        for row in scores.iter_rows(named=True)
    }
    best = scores.head(_BEST_NAMED).iter_rows(named=True)
    named = ", ".join(f"{row['element']} {texts.shown(spec, row['best'])}" for row in best)
    return {"places": places(), "scores": known, "digits": spec.digits, "named": named}
