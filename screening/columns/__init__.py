"""Every column of the output tables: its label, unit, meaning and number of digits.

The single source for headings in the report, the terminal tables and the documentation. Names are public contract;
a predicted quantity `q` with an 80 % interval is accompanied by `q_lo` and `q_hi` (10th and 90th percentile).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from screening.columns.column import MISSING, Column, Group, Kind
from screening.columns.properties import IDENTITY, PREDICTION
from screening.columns.ranking import RANKING, SUPPLY
from screening.materials.electrodes.columns import ELECTRODE
from screening.materials.magnets.columns import MAGNET

__all__ = ["COLUMNS", "MISSING", "Column", "Group", "Kind", "column", "gate_name", "interval_names", "is_gate"]

GATE_PREFIX = "gate_"
GATE_SUFFIX = "_probability"

COLUMNS: dict[str, Column] = {
    column.name: column for column in (*IDENTITY, *PREDICTION, *MAGNET, *ELECTRODE, *SUPPLY, *RANKING)
}

_BOUNDS = {"_lo": ("10 %", "10th percentile"), "_hi": ("90 %", "90th percentile")}


def column(name: str) -> Column:
    """What is known of a column, also of interval bounds and gate probabilities; others keep their name as label."""
    if name in COLUMNS:
        return COLUMNS[name]
    for suffix, (mark, words) in _BOUNDS.items():
        base = COLUMNS.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
        if base is not None:
            return replace(base, name=name, label=f"{base.label} {mark}", description=f"{words}: {base.description}")
    if is_gate(name):
        gate = gate_name(name)
        return Column(name, f"P({gate})", "", f"Probability that the gate '{gate}' is passed.", 2, "ranking")
    return Column(name, name, "", "", 3, "other")


def is_gate(name: str) -> bool:
    """Whether the column holds the probability of passing a gate."""
    return name.startswith(GATE_PREFIX) and name.endswith(GATE_SUFFIX)


def gate_name(name: str) -> str:
    """The gate in words: `gate_not_radioactive_probability` -> `not radioactive`."""
    return name.removeprefix(GATE_PREFIX).removesuffix(GATE_SUFFIX).replace("_", " ")


def interval_names(name: str, available: Iterable[str]) -> tuple[str, str] | None:
    """The columns of the interval's ends, if the table has both."""
    low, high = f"{name}_lo", f"{name}_hi"
    return (low, high) if {low, high} <= set(available) else None
