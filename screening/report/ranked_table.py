"""The ranked table as data, which the page's script sorts, filters and draws page by page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from screening.columns import Column, gate_name, interval_names, is_gate
from screening.ranking import lists_of
from screening.report.choices import first_columns, table_columns
from screening.report.sections import explained_flags
from screening.report.texts import Catalogue
from screening.report.why import why

ROWS = 1000
"""Rows in the page; the files beside it have all of them."""
_DIGITS = 6


def table_data(ranking: pl.DataFrame, task: Mapping[str, Any], texts: Catalogue) -> dict[str, Any]:
    """Columns, the first 1,000 rows, and the flags and gates to filter by.

    Returns:
        `columns`, `rows`, and the `flags`, `gates` and lists (`groups`) to filter by. A cell is a value, or
        `[value, low, high]` in a column with intervals; numbers are rounded to six digits.
    """
    shown = ranking.head(ROWS)
    names = table_columns(task, ranking.columns)
    first = first_columns(task, ranking.columns)
    specs = [texts.column(name) for name in names]
    rows = [_row(row, specs, task, texts) for row in shown.iter_rows(named=True)]
    flags = sorted(flag for flag, *_ in explained_flags(shown, texts))
    return {
        "columns": [_column(spec, ranking, first, texts) for spec in specs],
        "rows": rows,
        "flags": {flag: texts.flag(flag) for flag in flags},
        "gates": {name: texts.gate(gate_name(name)) for name in names if is_gate(name)},
        "groups": {group: texts.group(group) for group, _ in lists_of(ranking) if group},
    }


def _column(spec: Column, ranking: pl.DataFrame, first: Sequence[str], texts: Catalogue) -> dict[str, Any]:
    return {
        "name": spec.name,
        "label": spec.label,
        "unit": spec.unit,
        "description": spec.description,
        "digits": spec.digits,
        "kind": spec.kind,
        "first": spec.name in first,
        "interval": interval_names(spec.name, ranking.columns) is not None,
        "words": _words(spec, ranking.head(ROWS), texts),
    }


def _words(spec: Column, ranking: pl.DataFrame, texts: Catalogue) -> dict[str, str]:
    """Words for the values of a column, and for those of its rows that are phrases."""
    words = texts.words(spec.name)
    phrases = ranking[spec.name].unique().drop_nulls().to_list() if words and spec.text else []
    return {**words, **{str(phrase): texts.shown(spec, phrase) for phrase in phrases}}


def _row(row: Mapping[str, Any], specs: Sequence[Column], task: Mapping[str, Any], texts: Catalogue) -> list[Any]:
    return [why(row, task, texts) if spec.name == "why" else _cell(row, spec) for spec in specs]


def _cell(row: Mapping[str, Any], spec: Column) -> Any:
    ends = interval_names(spec.name, row)
    value, *bounds = (_short(row[name], spec.digits) for name in (spec.name, *(ends or ())))
    return [value, *bounds] if ends else value


def _short(value: Any, decimals: int) -> Any:
    """Round to six digits, but never to fewer decimals than are shown."""
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return None
    return round(value, decimals) if abs(value) >= 10.0 ** (_DIGITS - decimals) else float(f"{value:.{_DIGITS}g}")
