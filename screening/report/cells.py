"""Table cells: a value with its interval, as every table of the page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screening.columns import Column, interval_names
from screening.report.texts import Catalogue


@dataclass(frozen=True)
class TableCell:
    """One table cell: the text shown and the value behind it."""

    column: Column
    text: str
    interval: str
    value: Any


def cells(row: Mapping[str, Any], names: Sequence[str], texts: Catalogue) -> list[TableCell]:
    """The cells of these columns in a row; bounds of intervals are part of the cell of their quantity."""
    return [_cell(row, texts.column(name), texts) for name in names]


def _cell(row: Mapping[str, Any], spec: Column, texts: Catalogue) -> TableCell:
    value = row.get(spec.name)
    ends = interval_names(spec.name, row)
    interval = texts.interval(spec, row[ends[0]], row[ends[1]]) if ends else ""
    return TableCell(spec, texts.shown(spec, value), interval, value)
