"""Tables as an Excel workbook, in which no text can become a formula or a link."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from screening.columns import column
from screening.export.decision_tables import heading

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_CELL_LENGTH = 32_767  # Excel's limit
_WIDEST_PIXELS = 400


@dataclass(frozen=True)
class Sheet:
    """A sheet of the workbook.

    Attributes:
        name: Name of the sheet.
        table: Its content.
        headings: Headings by column, where they differ from `heading`.
    """

    name: str
    table: pl.DataFrame
    headings: Mapping[str, str] = field(default_factory=dict)


def write_workbook(path: Path, sheets: Sequence[Sheet], created: datetime) -> None:
    """Write the sheets; equal sheets and times of creation make equal bytes."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"in_memory": True}) as workbook:
        workbook.set_properties({"created": created.replace(tzinfo=None), "author": "screening"})
        for sheet in sheets:
            _fill(workbook, workbook.add_worksheet(sheet.name), sheet)


def _fill(workbook: Workbook, page: Worksheet, sheet: Sheet) -> None:
    bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    # With the prefix a cell remains text even when somebody edits it.
    text = workbook.add_format({"num_format": "@", "quote_prefix": True})
    for index, name in enumerate(sheet.table.columns):
        page.write_string(0, index, sheet.headings.get(name) or heading(name), bold)
        number = workbook.add_format({"num_format": _number_format(sheet.table.schema[name], column(name).digits)})
        for row, value in enumerate(sheet.table[name], start=1):
            _write(page, row, index, value, number, text)
    page.freeze_panes(1, min(3, sheet.table.width))
    page.autofilter(0, 0, sheet.table.height, max(sheet.table.width - 1, 0))
    page.autofit(_WIDEST_PIXELS)


def _write(page: Worksheet, row: int, index: int, value: Any, number: object, text: object) -> None:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return
    if isinstance(value, bool):
        page.write_boolean(row, index, value)
    elif isinstance(value, int | float):
        page.write_number(row, index, value, number)
    else:
        # Not `write`, which makes formulas and links of text that looks like them.
        page.write_string(row, index, str(value)[:_CELL_LENGTH], text)


def _number_format(kind: pl.DataType, digits: int) -> str:
    return "0" if kind.is_integer() or digits == 0 else f"0.{'0' * digits}"
