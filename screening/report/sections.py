"""The parts of the report as plain data, ready for the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from screening.columns import GATE_PREFIX, GATE_SUFFIX, Column, column, gate_name, interval_names, is_gate
from screening.merit.flags import FLAGS
from screening.report.choices import figure_columns, gate_words

REASONS_SHOWN = 40
_EXAMPLES = 3
_CERTAIN = 0.5


@dataclass(frozen=True)
class Cell:
    """One table cell: what is read (`text` and `interval`) and what is sorted and copied (`value` and its ends)."""

    column: Column
    text: str
    interval: str
    value: Any
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Step:
    """One step of the funnel: how many inputs are left after it, and how many it took away."""

    label: str
    detail: str
    count: int
    lost: int
    share: float


@dataclass(frozen=True)
class Gate:
    """The probability that one candidate passes a gate, with the words for it."""

    name: str
    text: str
    percent: float


@dataclass(frozen=True)
class Card:
    """One of the best candidates in detail."""

    rank: int
    candidate_id: str
    formula: str
    source: str
    score: str
    why: str
    figures: list[Cell]
    gates: list[Gate]
    limiting: Gate | None
    flags: list[tuple[str, str]]


@dataclass(frozen=True)
class Refusal:
    """One reason why inputs were not scored, how often, and a few of them."""

    stage: str
    reason: str
    count: int
    examples: list[str]


def cells(row: Mapping[str, Any], names: Sequence[str]) -> list[Cell]:
    """The cells of a row, a quantity together with its interval."""
    return [_cell(row, column(name)) for name in names]


def funnel(ranking: pl.DataFrame, rejected: pl.DataFrame, task: Mapping[str, Any]) -> list[Step]:
    """Inputs read, scored, and still in after each gate in turn (passed with a probability of at least one half)."""
    read = ranking.height + rejected.height
    steps = [("read", "", read), ("scored", "", ranking.height)]
    gates = (task.get("ranking") or {}).get("gates") or {}
    words = {f"{GATE_PREFIX}{name}{GATE_SUFFIX}": gate_words(gate) for name, gate in gates.items()}
    passed = pl.lit(True)
    for name in filter(is_gate, ranking.columns):
        passed = passed & (pl.col(name).fill_null(0.0) >= _CERTAIN)
        steps.append((gate_name(name), words.get(name, ""), ranking.filter(passed).height))
    before = [read, *(count for *_, count in steps[:-1])]
    return [
        Step(label, detail, count, previous - count, count / read if read else 0.0)
        for (label, detail, count), previous in zip(steps, before, strict=True)
    ]


def refusals(rejected: pl.DataFrame) -> list[Refusal]:
    """Why inputs were refused, the most frequent reason first; at most 40."""
    if rejected.is_empty():
        return []
    counted = (
        rejected.group_by("stage", "reason")
        .agg(pl.len().alias("count"), pl.col("candidate_id").head(_EXAMPLES).alias("examples"))
        .sort("count", "stage", "reason", descending=[True, False, False])
        .head(REASONS_SHOWN)
    )
    return [Refusal(**row) for row in counted.iter_rows(named=True)]


def cards(ranking: pl.DataFrame, top: int) -> list[Card]:
    """The first `top` candidates in detail."""
    figures = figure_columns(ranking.columns)
    return [_card(row, figures) for row in ranking.head(top).iter_rows(named=True)]


def explained_flags(table: pl.DataFrame) -> list[tuple[str, str, int]]:
    """Every flag in the table with its explanation and how many candidates carry it, the most frequent first."""
    if "flags" not in table.columns:
        return []
    counts = (
        table.select(pl.col("flags").fill_null("").str.split(";").alias("flag"))
        .explode("flag")
        .filter(pl.col("flag") != "")
        .group_by("flag")
        .len()
        .sort("len", "flag", descending=[True, False])
    )
    return [(flag, FLAGS.get(flag, ""), count) for flag, count in counts.iter_rows()]


def _card(row: Mapping[str, Any], figures: Sequence[str]) -> Card:
    gates = [_gate(name, row[name]) for name in row if is_gate(name) and row[name] is not None]
    limiting = min(gates, key=lambda gate: gate.percent, default=None)
    flags = [flag for flag in (row.get("flags") or "").split(";") if flag]
    return Card(
        rank=row["rank"],
        candidate_id=row["candidate_id"],
        formula=row["formula"],
        source=row.get("source") or "",
        score=column("score").shown(row["score"]),
        why=row.get("why") or "",
        figures=[cell for cell in cells(row, figures) if cell.value is not None],
        gates=gates,
        limiting=limiting if limiting is not None and limiting.percent < 99.5 else None,
        flags=[(flag, FLAGS.get(flag, "")) for flag in flags],
    )


def _gate(name: str, probability: float) -> Gate:
    percent = 100.0 * probability
    text = "<\u202f1\u202f%" if percent < 1 else ">\u202f99\u202f%" if percent > 99 else f"{percent:.0f}\u202f%"
    return Gate(gate_name(name), text, percent)


def _cell(row: Mapping[str, Any], spec: Column) -> Cell:
    value = row.get(spec.name)
    text = _typeset(value, spec)
    ends = interval_names(spec.name, row)
    low, high = (row[ends[0]], row[ends[1]]) if ends else (None, None)
    interval = "" if low is None or high is None else f"{_typeset(low, spec)} to {_typeset(high, spec)}"
    return Cell(spec, text, interval, value, low, high)


def _typeset(value: Any, spec: Column) -> str:
    """As on the terminal, with a true minus sign for numbers."""
    text = spec.shown(value)
    return text.replace("-", "−") if spec.kind == "number" else text
