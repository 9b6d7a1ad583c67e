"""What a notebook shows: short tables with units, and whole pages in frames."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from screening.files import write_text_atomic
from screening.report.cells import TableCell, cells
from screening.report.texts import catalogue

ROWS_SHOWN = 10
_TEXT_LENGTH = 60
_NUMBER, _WORDS = ' style="text-align:right"', ' style="text-align:left"'


def table_html(table: pl.DataFrame, names: Sequence[str], note: str) -> str:
    """The first rows of a table as HTML; all text from files is escaped.

    Args:
        table: The rows.
        names: Columns to show, in order; those that the table does not have are left out.
        note: A line below the table.
    """
    texts = catalogue("en")
    wanted = [name for name in names if name in table.columns]
    specs = [texts.column(name) for name in wanted]
    heads = "".join(
        f'<th title="{html.escape(spec.description)}">{html.escape(spec.label)}'
        f"{f'<br><small>{html.escape(spec.unit)}</small>' if spec.unit else ''}</th>"
        for spec in specs
    )
    rows = "".join(
        f"<tr>{''.join(map(_cell, cells(row, wanted, texts)))}</tr>"
        for row in table.head(ROWS_SHOWN).iter_rows(named=True)
    )
    body = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<div>{body}<small>{html.escape(note)}</small></div>"


def _cell(cell: TableCell) -> str:
    text = cell.text if len(cell.text) <= _TEXT_LENGTH else f"{cell.text[: _TEXT_LENGTH - 1]}…"
    interval = f"<br><small>{html.escape(cell.interval)}</small>" if cell.interval else ""
    return f"<td{_NUMBER if cell.column.kind == 'number' else _WORDS}>{html.escape(text)}{interval}</td>"


@dataclass(frozen=True)
class HtmlPage:
    """An HTML page that needs no other file.

    Attributes:
        html: The page.
        height: Height of its frame in a notebook, in pixels.
    """

    html: str = field(repr=False)
    height: int = 600

    def save(self, path: str | Path) -> Path:
        """Write the page to a file.

        Args:
            path: The file; an existing one is replaced.

        Returns:
            The same path.
        """
        write_text_atomic(Path(path), self.html)
        return Path(path)

    def _repr_html_(self) -> str:
        """The page in a frame, which keeps its styles and scripts away from the notebook."""
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts allow-popups allow-downloads" '
            f'style="width:100%;height:{self.height}px;border:0"></iframe>'
        )
