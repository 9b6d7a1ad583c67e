"""Why an electrode stands where it stands, in one plain sentence a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from screening.merit.flags import FLAGS

Row = Mapping[str, Any]
Gate = Mapping[str, Any]

_CONVINCING = 0.5
"""Joint probability of all gates from which on a row is called a candidate."""


def reasons(ranked: pl.DataFrame, gates: Mapping[str, Gate]) -> pl.Series:
    """The column `why` of a ranked table; gates: name -> the gate as in the task's config."""
    return pl.Series("why", [_sentence(row, gates) for row in ranked.iter_rows(named=True)], dtype=pl.String)


def _sentence(row: Row, gates: Mapping[str, Gate]) -> str:
    chances = {name: row[f"gate_{name}_probability"] for name in gates}
    passed = 1.0
    for chance in chances.values():
        passed *= chance
    limiting = row.get("limiting_gate")
    if limiting is None:
        return f"Passes every gate: {_strengths(row)}."
    weakness = _weakness(gates[limiting], limiting, row)
    if passed >= _CONVINCING:
        return f"Candidate: {_strengths(row)}; least sure ({chances[limiting]:.0%}): {weakness}."
    others = [name for name, chance in chances.items() if chance < _CONVINCING and name != limiting]
    also = f"; also doubtful: {', '.join(name.replace('_', ' ') for name in others)}" if others else ""
    return f"{weakness[:1].upper()}{weakness[1:]}{also}."


def _strengths(row: Row) -> str:
    parts = [f"{row['electrode_role']} for {row['working_ion']}" if row["electrode_role"] else row["working_ion"]]
    for name, text in (
        ("voltage_extractable_V", "{:.2f} V"),
        ("capacity_extractable_mAh_per_g", "{:.0f} mAh/g"),
        ("specific_energy_Wh_per_kg", "{:.0f} Wh/kg"),
    ):
        if row.get(name) is not None:
            parts.append(text.format(row[name]))
    return ", ".join(parts)


def _weakness(gate: Gate, name: str, row: Row) -> str:
    column = str(gate["column"])
    if flag := gate.get("without_flag"):
        if flag == "not_an_electrode" and row.get("no_pair_reason"):
            return str(row["no_pair_reason"])
        text = FLAGS.get(str(flag), name.replace("_", " ")).rstrip(".")
        return f"{text[0].lower()}{text[1:]}"
    words = _BY_COLUMN.get(column)
    value = row.get(column)
    if words is None:
        return f"{name.replace('_', ' ')}: {value}"
    return words(value, gate) if value is not None else f"its {_NAMES[column]} is not known"


def _capacity(value: float, gate: Gate) -> str:
    return f"only {value:.0f} mAh/g leave within the redox limit"


def _voltage(value: float, gate: Gate) -> str:
    if gate.get("at_most") is not None:
        return f"{value:.2f} V is near or beyond what electrolytes stand ({gate['at_most']:g} V)"
    return f"{value:.2f} V is near or below the metal's own"


def _strain(value: float, gate: Gate) -> str:
    return f"the volume changes by {value:.0f} %"


def _discharged(value: float, gate: Gate) -> str:
    return f"hard to make: {value:.3f} eV/atom above the hull"


def _charged(value: float, gate: Gate) -> str:
    return f"the charged frame is {value:.3f} eV/atom above the hull and may fall apart"


_BY_COLUMN: dict[str, Callable[[Any, Gate], str]] = {
    "capacity_extractable_mAh_per_g": _capacity,
    "voltage_extractable_V": _voltage,
    "strain_percent": _strain,
    "energy_above_hull_eV_per_atom": _discharged,
    "discharged_energy_above_hull_eV_per_atom": _discharged,
    "charged_energy_above_hull_eV_per_atom": _charged,
}
_NAMES = {
    "capacity_extractable_mAh_per_g": "extractable capacity",
    "voltage_extractable_V": "voltage",
    "strain_percent": "volume change",
    "energy_above_hull_eV_per_atom": "energy above the hull",
    "discharged_energy_above_hull_eV_per_atom": "energy above the hull",
    "charged_energy_above_hull_eV_per_atom": "charged stability",
}
