"""Tables of the approved candidates and of all decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from screening.columns import column, gate_name, is_gate, known_columns
from screening.tracking.reviews import ReviewedFinalist

_FIRST = ("rank", "candidate_id", "formula", "review_decision", "review_by", "review_comment")
_NEXT = ("score", "why", "limiting_gate", "flags")
_TYPES = {"number": pl.Float64, "text": pl.String, "boolean": pl.Boolean}


def figures_table(entries: Sequence[ReviewedFinalist]) -> pl.DataFrame:
    """A row for each entry: identity, decision, score and why, then every figure that any of them has, gates last."""
    present = {name for entry in entries for name in entry.figures} - set(_FIRST)
    ordered = [bound for name in (*_NEXT, *known_columns()) for bound in (name, f"{name}_lo", f"{name}_hi")]
    names = [name for name in dict.fromkeys((*ordered, *sorted(filter(is_gate, present)))) if name in present]
    columns = [pl.Series(name, [e.figures.get(name) for e in entries], strict=False) for name in names]
    typed = [values.cast(_TYPES[column(values.name).kind]) for values in columns]
    return _decided(entries).hstack(typed)


def heading(name: str) -> str:
    """Label and unit of a column; gates are marked as such, because figures may have the same label."""
    return f"Gate: {gate_name(name)}" if is_gate(name) else column(name).heading


def decisions_table(entries: Sequence[ReviewedFinalist], remarks: Mapping[str, str]) -> pl.DataFrame:
    """A row for each entry, whatever its decision.

    Args:
        entries: The reviewed candidates.
        remarks: By run id, why a candidate was not exported.
    """
    scores = pl.Series("score", [entry.score for entry in entries], dtype=pl.Float64)
    runs = pl.Series("run_id", [entry.run_id for entry in entries], dtype=pl.String)
    found = pl.Series("remark", [remarks.get(entry.run_id) for entry in entries], dtype=pl.String)
    return _decided(entries).hstack([scores, runs, found])


def explanations_table(names: Iterable[str]) -> pl.DataFrame:
    """The meaning of each column: `column, heading, unit, meaning`."""
    rows = [(name, heading(name), column(name).unit, column(name).description) for name in names]
    return pl.DataFrame(rows, schema=dict.fromkeys(("column", "heading", "unit", "meaning"), pl.String), orient="row")


def _decided(entries: Iterable[ReviewedFinalist]) -> pl.DataFrame:
    rows = [(e.rank, e.candidate_id, e.formula, e.decision, e.by, e.comment) for e in entries]
    schema = {name: pl.Int64 if name == "rank" else pl.String for name in _FIRST}
    return pl.DataFrame(rows, schema=schema, orient="row")
