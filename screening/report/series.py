"""Solid solutions in a ranking: figures over the share of an element that replaces another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import polars as pl

from screening.chemistry.elements import SYMBOLS
from screening.chemistry.formulas import Amounts, formula_of, parse_formula
from screening.columns import interval_names
from screening.report.plots import POINTS, series_figure
from screening.report.texts import Catalogue

LEAST_STEPS = 3
MOST_FAMILIES = 6
_DECIMALS = 3

_Key = tuple[int, int, float, Amounts, Any]
"""The element that is replaced, the one that replaces it, their amount together, the rest, and the space group."""


@dataclass(frozen=True)
class AlloyFamily:
    """Candidates that differ only in how much of one element another replaces.

    Attributes:
        first: Formula without the second element.
        second: Formula without the first.
        elements: The symbols of both.
        rows: Rows of the ranking, by share.
        shares: Share of the second among both.
    """

    first: str
    second: str
    elements: tuple[str, str]
    rows: tuple[int, ...]
    shares: tuple[float, ...]


def families(ranking: pl.DataFrame) -> list[AlloyFamily]:
    """The families of at least three compositions, that with the best candidate first.

    Of candidates with one composition the best counts. Only the first 2,000 candidates are searched.
    """
    best = ranking.head(POINTS)
    if "formula" not in best.columns:
        return []
    groups = best["space_group_number"].to_list() if "space_group_number" in best.columns else [None] * best.height
    found: dict[_Key, dict[float, int]] = {}
    ends: dict[tuple[Amounts, Any], int] = {}
    amounts_of: dict[_Key, float] = {}
    for row, (formula, group) in enumerate(zip(best["formula"].to_list(), groups, strict=True)):
        amounts = parse_formula(formula)
        if amounts is None:
            continue
        total = sum(amount for _, amount in amounts)
        parts = tuple((z, round(amount / total, _DECIMALS)) for z, amount in amounts)
        ends.setdefault((parts, group), row)
        for (a, x), (b, y) in combinations(parts, 2):
            rest = tuple(part for part in parts if part[0] not in (a, b))
            key = (a, b, round(x + y, _DECIMALS - 1), rest, group)
            found.setdefault(key, {}).setdefault(round(y / (x + y), _DECIMALS - 1), row)
            amounts_of.setdefault(key, total)
    made = []
    for key, steps in found.items():
        a, b, both, rest, group = key
        for share, z in ((0.0, a), (1.0, b)):  # the compounds themselves
            for (parts, own), row in ends.items():
                if own == group and _is_end(parts, z, both, rest):
                    steps.setdefault(share, row)
                    break
        if len(steps) >= LEAST_STEPS:
            made.append(_family(key, steps, amounts_of[key]))
    return sorted(made, key=lambda family: min(family.rows))[:MOST_FAMILIES]


def series(ranking: pl.DataFrame, task: Mapping[str, Any], texts: Catalogue) -> list[dict[str, Any]]:
    """What the page shows of each family: its name, and a figure for each column of `report.series` of the task."""
    wanted: Sequence[str] = (task.get("report") or {}).get("series") or ()
    names = [name for name in wanted if name in ranking.columns]
    shown = []
    for family in families(ranking) if names else ():
        rows = ranking[list(family.rows)]
        plots = []
        for name in names:
            ends = interval_names(name, ranking.columns)
            bounds = [rows[end].to_list() for end in ends] if ends else [[], []]
            x = texts.text("series_x", first=family.elements[0], second=family.elements[1])
            heading = texts.column(name).heading
            labels = [f"{formula}" for formula in rows["formula"].to_list()]
            figure = series_figure(family.shares, rows[name].to_list(), bounds, labels, (x, heading), texts)
            plots.append({"heading": heading, "figure": figure})
        shown.append({"first": family.first, "second": family.second, "n": len(family.rows), "plots": plots})
    return shown


def _is_end(parts: Amounts, z: int, both: float, rest: Amounts) -> bool:
    own = dict(parts)
    here = own.pop(z, None)
    return here is not None and abs(here - both) < 10 ** (1 - _DECIMALS) and tuple(sorted(own.items())) == rest


def _family(key: _Key, steps: Mapping[float, int], total: float) -> AlloyFamily:
    """The family, beginning at the end that its best candidate is nearer to."""
    a, b, both, rest, _ = key
    if min(steps, key=lambda share: steps[share]) > 0.5:
        a, b, steps = b, a, {round(1 - share, _DECIMALS): row for share, row in steps.items()}
    shares = sorted(steps)
    names = []
    for z in (a, b):
        amounts = ((z, both), *rest)
        names.append(formula_of(tuple((number, round(amount * total, 1)) for number, amount in amounts), 3))
    return AlloyFamily(names[0], names[1], (SYMBOLS[a], SYMBOLS[b]), tuple(steps[x] for x in shares), tuple(shares))
