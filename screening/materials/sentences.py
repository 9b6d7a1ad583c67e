"""The sentence that explains the rank of a candidate; a material class supplies the words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Any

Row = Mapping[str, Any]

_CONVINCING = 0.5
"""Rows with at least this joint probability of all gates are called candidates."""


def why_sentence(row: Row, gates: Iterable[str], strengths: str, weakness: Callable[[str], str]) -> str:
    """Explain one row.

    Args:
        row: Of a ranked table.
        gates: Names of the gates.
        strengths: Words for what speaks for the row.
        weakness: Gives the words for a gate, by its name.
    """
    chances = {name: row[f"gate_{name}_probability"] for name in gates}
    limiting = row.get("limiting_gate")
    if limiting is None:
        return f"Passes every gate: {strengths}."
    worst = weakness(limiting)
    if prod(chances.values()) >= _CONVINCING:
        return f"Candidate: {strengths}; least sure ({chances[limiting]:.0%}): {worst}."
    others = [name for name, chance in chances.items() if chance < _CONVINCING and name != limiting]
    also = f"; also doubtful: {', '.join(name.replace('_', ' ') for name in others)}" if others else ""
    return f"{worst[:1].upper()}{worst[1:]}{also}."
