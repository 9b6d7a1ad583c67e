"""Why an electrode has its rank, in one sentence per row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import polars as pl

from screening.materials import flags
from screening.materials.electrodes.columns import FLAGS
from screening.materials.electrodes.voltage.obstacles import UNPREDICTED
from screening.materials.sentences import Row, why_sentence

Gate = Mapping[str, Any]

OFFSET_MATTERS_V = 0.15
"""A class whose measured voltages differ from the calculated ones by more is named."""


def electrode_reasons(ranked: pl.DataFrame, gates: Mapping[str, Gate]) -> pl.Series:
    """The column `why` of a ranked table.

    Args:
        ranked: The ranked table.
        gates: Name -> gate, as in the task's config.
    """
    sentences = [
        why_sentence(row, gates, _strengths(row), partial(_weakness, gates, row)) + _offset(row)
        for row in ranked.iter_rows(named=True)
    ]
    return pl.Series("why", sentences, dtype=pl.String)


def _strengths(row: Row) -> str:
    parts = [f"{row['electrode_role']} for {row['working_ion']}" if row["electrode_role"] else row["working_ion"]]
    for name, text in (
        ("voltage_V", "{:.2f} V"),
        ("capacity_practical_mAh_per_g", "{:.0f} mAh/g"),
        ("cell_energy_Wh_per_kg", "{:.0f} Wh/kg in a cell"),
    ):
        if row.get(name) is not None:
            parts.append(text.format(row[name]))
    return ", ".join(parts)


def offset_note(row: Row) -> str | None:
    """Key of the text on how the expected voltage comes from the calculated one, or why there is none.

    None where that matters little.
    """
    offset = row.get("voltage_offset_V")
    if (row.get("voltage_method") or "").startswith(UNPREDICTED):
        return "why_no_voltage"
    if row.get("voltage_V") is None or row.get("voltage_calculated_practical_V") is None:
        return None
    if "offset_unknown" in (row.get("flags") or "").split(";"):
        return "why_offset_unknown" if row.get("voltage_offset_class") else None  # else offsets are switched off
    if offset is None or abs(offset) <= OFFSET_MATTERS_V:
        return None
    return "why_offset"


def _offset(row: Row) -> str:
    note = offset_note(row)
    if note is None:
        return ""
    if note == "why_no_voltage":
        return f" Voltage {row['voltage_method']}."
    start = f" {row['voltage_V']:.2f} V expected (PBE+U {row['voltage_calculated_practical_V']:.2f} V; "
    if note == "why_offset_unknown":
        return f"{start}no measured voltage of its class)."
    kind, offset = row.get("voltage_offset_class") or "its class", row["voltage_offset_V"]
    return f"{start}{kind}: {abs(offset):.2f} V {'higher' if offset > 0 else 'lower'} than calculated)."


def _weakness(gates: Mapping[str, Gate], row: Row, name: str) -> str:
    gate = gates[name]
    column = str(gate["column"])
    if flag := gate.get("without_flag"):
        if flag == "not_an_electrode" and row.get("no_pair_reason"):
            return str(row["no_pair_reason"])
        text = (flags.FLAGS | FLAGS).get(str(flag), name.replace("_", " ")).rstrip(".")
        return f"{text[0].lower()}{text[1:]}"
    words = _BY_COLUMN.get(column)
    value = row.get(column)
    if words is None:
        return f"{name.replace('_', ' ')}: {value}"
    return words(value, gate) if value is not None else f"its {_NAMES[column]} is not known{_unknown(row)}"


def _unknown(row: Row) -> str:
    """Why a figure is not known, after a colon; empty if nothing says so."""
    return f": {row['no_pair_reason']}" if row.get("no_pair_reason") else ""


def _capacity(value: float, gate: Gate) -> str:
    return f"{'only ' if value < gate.get('at_least', 0.0) else ''}{value:.0f} mAh/g move in practice"


def _window(value: float, gate: Gate) -> str:
    place = f"{-value:.2f} V above" if value < 0 else f"{value:.2f} V below"
    return f"the voltage is {place} what the electrolyte withstands"


def _barrier(value: float, gate: Gate) -> str:
    return f"the ion has to pass a barrier of {value:.2f} eV"


def _dimensions(value: float, gate: Gate) -> str:
    return f"the ion moves in {'one direction' if value == 1 else f'{value:.0f} directions'} only"


def _voltage(value: float, gate: Gate) -> str:
    return f"the voltage is {abs(value):.2f} V {'below' if value < 0 else 'above'} that of the ion's metal"


def _strain(value: float, gate: Gate) -> str:
    return f"the volume changes by {value:.0f} %"


def _discharged(value: float, gate: Gate) -> str:
    return f"{'hard to make: ' if _exceeds(value, gate) else ''}{value:.3f} eV/atom above the hull"


def _charged(value: float, gate: Gate) -> str:
    apart = " and may fall apart" if _exceeds(value, gate) else ""
    return f"the charged frame is {value:.3f} eV/atom above the hull{apart}"


def _exceeds(value: float, gate: Gate) -> bool:
    return value > gate.get("at_most", float("inf"))


_BY_COLUMN: dict[str, Callable[[Any, Gate], str]] = {
    "capacity_practical_mAh_per_g": _capacity,
    "window_margin_V": _window,
    "migration_barrier_eV": _barrier,
    "path_dimensions": _dimensions,
    "voltage_V": _voltage,
    "strain_percent": _strain,
    "energy_above_hull_eV_per_atom": _discharged,
    "discharged_energy_above_hull_eV_per_atom": _discharged,
    "charged_energy_above_hull_eV_per_atom": _charged,
}
_NAMES = {
    "capacity_practical_mAh_per_g": "practical capacity",
    "window_margin_V": "voltage",
    "migration_barrier_eV": "migration barrier",
    "path_dimensions": "number of path directions",
    "voltage_V": "voltage",
    "strain_percent": "volume change",
    "energy_above_hull_eV_per_atom": "energy above the hull",
    "discharged_energy_above_hull_eV_per_atom": "energy above the hull",
    "charged_energy_above_hull_eV_per_atom": "charged stability",
}
