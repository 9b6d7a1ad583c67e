"""The sentence that says why a row of a ranking stands where it stands; a material class brings the words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Any

Row = Mapping[str, Any]

_CONVINCING = 0.5
"""Joint probability of all gates from which on a row is called a candidate."""


def sentence(row: Row, gates: Iterable[str], strengths: str, weakness: Callable[[str], str]) -> str:
    """One plain sentence; row: of a ranked table; gates: their names; weakness: what to say of the named gate."""
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
