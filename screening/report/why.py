"""Why a candidate has its rank, in the reader's language.

The ranking's own sentence (column `why`) is English. In other languages the sentence is built from the row: the
limiting gate with its probability, the figure that it judges, the condition, and other doubtful gates.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from string import Formatter
from typing import Any

from screening.columns import gate_name, interval_names, is_gate
from screening.materials.registry import material_class
from screening.report.choices import gate_words
from screening.report.sections import CERTAIN
from screening.report.texts import Catalogue

_OWN_LANGUAGE = "en"
_FIGURES = 5
Row = Mapping[str, Any]


def why(row: Row, task: Mapping[str, Any], texts: Catalogue) -> str:
    """A sentence about a row of a ranked table; empty if the row has neither a sentence nor gates."""
    if row.get("why") and texts.language == _OWN_LANGUAGE:
        return str(row["why"])
    gates = {gate_name(name): value for name, value in row.items() if is_gate(name) and value is not None}
    if not gates:
        return str(row.get("why") or "")
    figures = ", ".join(_figures(row, task, texts)) or "–"
    return " ".join(filter(None, (_sentence(row, gates, figures, task, texts), _note(row, task, texts))))


def _sentence(row: Row, gates: Mapping[str, float], figures: str, task: Mapping[str, Any], texts: Catalogue) -> str:
    """What the gates say of a row."""
    limiting = str(row.get("limiting_gate") or "").replace("_", " ")
    if limiting not in gates:
        return texts.text("why_passes", figures=figures)
    worst = {
        "gate": texts.gate(limiting),
        "percent": texts.percent(gates[limiting]),
        "figure": _judged(row, limiting.replace(" ", "_"), task, texts),
    }
    if prod(gates.values()) >= CERTAIN:
        return texts.text("why_candidate", figures=figures, **worst)
    doubtful = [texts.gate(name) for name, chance in gates.items() if chance < CERTAIN and name != limiting]
    also = texts.text("why_also", gates=", ".join(doubtful)) if doubtful else ""
    return texts.text("why_limited", also=also, **worst)


def _note(row: Row, task: Mapping[str, Any], texts: Catalogue) -> str:
    """What the class adds, with the values of the columns that its text names."""
    key = material_class(str(task["name"])).note(row) if task.get("name") else None
    if key is None:
        return ""
    names = {name for _, name, *_ in Formatter().parse(str(texts.page[key])) if name}
    return texts.text(key, **{name: texts.with_unit(texts.column(name), row.get(name)) for name in names})


def _figures(row: Row, task: Mapping[str, Any], texts: Catalogue) -> list[str]:
    """Figures of the short table with units, without those that the row does not have."""
    specs = [texts.column(name) for name in (task.get("report") or {}).get("short_table") or ()]
    merits = [spec for spec in specs if spec.group == "merit" and spec.kind == "number"]
    known = [spec for spec in merits if row.get(spec.name) is not None]
    return [f"{texts.inside(spec)} {texts.with_unit(spec, row[spec.name])}" for spec in known[:_FIGURES]]


def _judged(row: Row, name: str, task: Mapping[str, Any], texts: Catalogue) -> str:
    """The figure that a gate judges, with its interval and the gate's condition."""
    gate = ((task.get("ranking") or {}).get("gates") or {}).get(name)
    if gate is None:
        return "–"
    if flag := gate.get("without_flag"):
        return texts.flag(flag).rstrip(".") or str(flag)
    spec = texts.column(gate["column"])
    value = row.get(spec.name)
    if value is None:
        return texts.text("why_unknown", label=spec.label)
    figure = f"{texts.inside(spec)} {texts.with_unit(spec, value)}"
    ends = interval_names(spec.name, row)
    interval = texts.interval(spec, row[ends[0]], row[ends[1]]) if ends else ""
    figure += f" ({interval})" if interval else ""
    return (
        figure
        if gate.get("probability")
        else texts.text("why_wanted", figure=figure, condition=gate_words(gate, texts))
    )
