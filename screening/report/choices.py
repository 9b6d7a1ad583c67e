"""Which columns, axes and conditions a report shows: as the task's config says, else as the table allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from screening.columns import column, is_gate, known_columns
from screening.report.texts import Catalogue
from screening.report.texts.numbers import THIN_SPACE

_FIRST = ("rank", "rank_group", "rank_in_group", "candidate_id", "formula", "score")
_REVIEW = ("review_decision", "review_by", "review_comment")
_LAST = ("best_place", "worst_place", "pareto_front", *_REVIEW, "limiting_gate", "why", "space_group_number", "flags")
_SHOWN = 8
_GROUPS = ("merit", "prediction", "supply")


def table_columns(task: Mapping[str, Any], available: Sequence[str]) -> list[str]:
    """Columns of the ranked table.

    Those of `report.short_table` and `report.columns` (without the latter, all figures); then gates, reviews and flags.
    """
    gates = [name for name in available if is_gate(name)]
    report = task.get("report") or {}
    wanted = report.get("columns") or figure_columns(available)
    short = [name for name in report.get("short_table") or () if name not in _LAST]
    ordered = dict.fromkeys((*_FIRST, *short, *wanted, *gates, *_LAST))
    return [name for name in ordered if name in available]


def figure_columns(available: Sequence[str]) -> list[str]:
    """Figures of merit and predictions in the table, in reading order, without bounds of intervals."""
    known = [spec for spec in known_columns().values() if spec.name in available and spec.group in _GROUPS]
    return [spec.name for spec in sorted(known, key=lambda spec: _GROUPS.index(spec.group))]


def scatter_axes(task: Mapping[str, Any], available: Sequence[str]) -> tuple[str, str] | None:
    """The x and y columns of the scatter plot.

    These are `report.scatter` of the task, else the first two axes of its Pareto fronts (the first one as y), else the
    first figures of the table.

    Returns:
        Two columns of numbers; None if the table has fewer.
    """
    wanted = (task.get("report") or {}).get("scatter") or ()
    fronts = [axis["column"] for axis in (task.get("ranking") or {}).get("pareto") or ()]
    names = dict.fromkeys((*wanted, *reversed(fronts[:2]), *figure_columns(available)))
    numeric = [name for name in names if name in available and column(name).kind == "number"]
    return (numeric[0], numeric[1]) if len(numeric) > 1 else None


def first_columns(task: Mapping[str, Any], available: Sequence[str]) -> list[str]:
    """Columns of the ranked table that are visible when the page opens."""
    wanted = (task.get("report") or {}).get("short_table") or (task.get("report") or {}).get("columns")
    ordered = dict.fromkeys(
        (*_FIRST, *(wanted or figure_columns(available)[:_SHOWN]), "limiting_gate", *_REVIEW[:1], "flags", "why")
    )
    return [name for name in ordered if name in available]


def gate_words(gate: Mapping[str, Any], texts: Catalogue) -> str:
    """A gate of the task's config as text: `µ0Ms ≥ 0.8 T, or Price ≤ 1 USD/kg`."""
    spec = texts.column(str(gate.get("column", "")))
    short = texts.numbers.short
    words = ""
    for key, sign in (("at_least", "≥"), ("at_most", "≤")):
        if gate.get(key) is not None:
            words = f"{texts.inside(spec)} {sign} {short(gate[key])}{THIN_SPACE}{spec.unit}".rstrip()
    if gate.get("is_in") is not None:
        allowed = texts.text("condition_or").join(texts.shown(spec, value) for value in gate["is_in"])
        words = texts.text("condition_either", label=texts.inside(spec), values=allowed)
    if gate.get("without_flag") is not None:
        words = texts.text("condition_without", flag=gate["without_flag"])
    if gate.get("probability"):
        words = texts.text("condition_probability", label=texts.inside(spec))
    if gate.get("half_until") is not None:
        words = texts.text("condition_half", words=words, limit=short(gate["half_until"]))
    if gate.get("soft"):
        words = texts.text("condition_soft", words=words)
    waiver = gate.get("waived_by")
    return texts.text("condition_waived", words=words, waiver=gate_words(waiver, texts)) if waiver else words
