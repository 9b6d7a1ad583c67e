"""Every column of the output tables: its label, unit, meaning and number of digits.

Headings in the report, in terminal tables and in the documentation come from here. Names of columns are a public
contract. A predicted quantity `q` with an 80 % interval has two more columns, `q_lo` and `q_hi` (10th and 90th
percentile).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from screening import plugins
from screening.columns.spec import MISSING, Column, Group, Kind, read_columns
from screening.errors import RequestError

__all__ = ["MISSING", "Column", "Group", "Kind", "column", "gate_name", "interval_names", "is_gate", "known_columns"]

GATE_PREFIX = "gate_"
GATE_SUFFIX = "_probability"

FRAME_COLUMNS = read_columns(Path(__file__).with_name("columns.yaml"))
"""Columns that any table may have."""
_BEHIND = ("supply", "ranking")
"""Groups of them that stand behind the figures of merit."""
_BOUNDS = {"_lo": ("10 %", "10th percentile"), "_hi": ("90 %", "90th percentile")}


@cache
def known_columns() -> Mapping[str, Column]:
    """Every column by name in reading order; those of the material classes stand between those of all tables.

    Raises:
        RequestError: A class defines a column that exists already.
    """
    found = {column.name: column for column in FRAME_COLUMNS if column.group not in _BEHIND}
    last = {column.name: column for column in FRAME_COLUMNS if column.group in _BEHIND}
    for name, kind in plugins.loaded(plugins.MATERIALS).items():
        for column in kind.columns:
            if column.name in found or column.name in last:
                raise RequestError(f"task={name}: its column {column.name} exists already")
            found[column.name] = column
    return found | last


def column(name: str) -> Column:
    """The column of this name; interval bounds and gates included. An unknown one has its name as label."""
    known = known_columns()
    if name in known:
        return known[name]
    for suffix, (mark, words) in _BOUNDS.items():
        base = known.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
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
    """The gate's name in words: `gate_not_radioactive_probability` gives `not radioactive`."""
    return name.removeprefix(GATE_PREFIX).removesuffix(GATE_SUFFIX).replace("_", " ")


def interval_names(name: str, available: Iterable[str]) -> tuple[str, str] | None:
    """The columns with the bounds of a column's interval; None if the table does not have both."""
    low, high = f"{name}_lo", f"{name}_hi"
    return (low, high) if {low, high} <= set(available) else None
