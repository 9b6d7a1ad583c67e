"""The short table on the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from screening.columns import MISSING, Column, column, interval_names
from screening.ranking import lists_of

FULL_WIDTH = 100
_TEXT_WIDTHS = (32, 24, 18, 14, 11, 9)
_LANDMARK_MARK = "·"


def short_table(table: pl.DataFrame, columns: Sequence[str], top: int, landmarks: pl.DataFrame | None = None) -> str:
    """The first rows of a ranking, or of each of its lists, as aligned plain text.

    A value with an 80 % interval reads `1.61 [1.5, 1.7]`.

    Args:
        table: The ranked candidates.
        columns: Columns to show; those that the table does not have are left out.
        top: How many candidates of each list.
        landmarks: Known materials, shown below a rule.
    """
    shown = [column(name) for name in columns if name in table.columns]
    lists = lists_of(table)
    parts_of = [_cells(part.head(top), shown) for _, part in lists]
    rows = [row for part in parts_of for row in part]
    known = _cells(landmarks, shown) if landmarks is not None else []
    if "rank" in (spec.name for spec in shown):
        place = [spec.name for spec in shown].index("rank")
        known = [[*cells[:place], _LANDMARK_MARK, *cells[place + 1 :]] for cells in known]
    for text_width in _TEXT_WIDTHS:
        body = [[_cut(cell, text_width) for cell in cells] for cells in (*rows, *known)]
        widths = [_width(spec, [cells[i] for cells in body]) for i, spec in enumerate(shown)]
        if sum(widths) + 2 * (len(widths) - 1) <= FULL_WIDTH:
            break
    rule = "─" * (sum(widths) + 2 * max(len(widths) - 1, 0))
    lines = [_line(cells, shown, widths) for cells in body]
    parts = [*(_line(cells, shown, widths) for cells in _headings(shown, widths))]
    parts += [rule] if len(lists) == 1 else []
    place = 0
    for (name, part), some in zip(lists, parts_of, strict=True):
        parts += [_ruled(f"{name} ({part.height})", rule)] if len(lists) > 1 else []
        parts += lines[place : place + len(some)]
        place += len(some)
    parts += [] if table.height else ["no candidate was scored"]
    parts += [_ruled("known materials", rule), *lines[len(rows) :]] if known else []
    return "\n".join(parts)


def _ruled(title: str, rule: str) -> str:
    """A title in a rule as long as `rule`."""
    return f"{f'── {title} ':─<{len(rule)}}"


def timing_line(seconds: Mapping[str, float]) -> str:
    """Time by stage, the longest first: `12.0 s of work: network 75 %, reading 25 %`; stages below 1 % are left out.

    Work is the time of all threads together, so it can exceed the elapsed time.
    """
    total = sum(seconds.values())
    stages = sorted(seconds.items(), key=lambda item: -item[1])
    shares = [f"{name} {100 * spent / total:.0f} %" for name, spent in stages if spent >= 0.01 * total > 0]
    return f"{total:.1f} s of work: {', '.join(shares)}" if shares else f"{total:.1f} s of work"


def with_interval(row: dict[str, Any], spec: Column) -> str:
    """A value with its interval, `1.61 [1.5, 1.7]`, or alone if the row has no interval.

    The bounds have one decimal less if the interval is wide enough.
    """
    text = spec.shown(row.get(spec.name))
    ends = interval_names(spec.name, row)
    if ends is None or text == MISSING or row[ends[0]] is None or row[ends[1]] is None:
        return text
    low, high = row[ends[0]], row[ends[1]]
    coarse = max(spec.digits - 1, 0)
    end_spec = replace(spec, digits=coarse) if high - low >= 1.5 * 10.0**-coarse else spec
    return f"{text} [{end_spec.shown(low)}, {end_spec.shown(high)}]"


def _cells(table: pl.DataFrame, shown: Sequence[Column]) -> list[list[str]]:
    """Cells as text; control characters, which may come from file names, are replaced."""
    return [
        ["".join(letter if letter.isprintable() else "?" for letter in with_interval(row, spec)) for spec in shown]
        for row in table.iter_rows(named=True)
    ]


def _cut(text: str, width: int) -> str:
    """Shorten names, but never figures with their interval."""
    return text if len(text) <= width or text.endswith("]") else text[: width - 1] + "…"


def _width(spec: Column, cells: Sequence[str]) -> int:
    """Enough for every cell and every word of the heading."""
    return max(map(len, (*cells, *spec.label.split(), _unit(spec))))


def _unit(spec: Column) -> str:
    return f"({spec.unit})" if spec.unit else ""


def _headings(shown: Sequence[Column], widths: Sequence[int]) -> list[list[str]]:
    """Labels wrapped to the column widths, above a line of units."""
    stacks = [textwrap.wrap(spec.label, width) for spec, width in zip(shown, widths, strict=True)]
    height = max(map(len, stacks), default=0)
    lines = [[stack[i - height] if height - i <= len(stack) else "" for stack in stacks] for i in range(height)]
    units = [_unit(spec) for spec in shown]
    return [*lines, units] if any(units) else lines


def _line(cells: Sequence[str], shown: Sequence[Column], widths: Sequence[int]) -> str:
    aligned = (
        cell.ljust(width) if spec.kind != "number" else cell.rjust(width)
        for cell, spec, width in zip(cells, shown, widths, strict=True)
    )
    return "  ".join(aligned).rstrip()
