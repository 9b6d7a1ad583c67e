"""Curves of voltage over charge of electrodes that turn into other phases: a plateau for each pair of mixtures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from screening.crystals.crystal import Crystal
from screening.materials.base import Curve
from screening.materials.electrodes.phases.discharge_path import DischargePath
from screening.materials.electrodes.phases.line_phases import LinePhases
from screening.materials.electrodes.phases.phase_electrodes import PhaseElectrode, discharge_steps, phase_electrodes
from screening.materials.electrodes.phases.phase_rows import ORIGIN


def phase_curves(crystals: Sequence[Crystal], rows: Sequence[Mapping[str, Any]], lines: LinePhases) -> dict[int, Curve]:
    """Index -> curve, for those of N ranked electrodes that turn into other phases.

    Args:
        crystals: The electrodes.
        rows: Their rows of the ranked table.
        lines: Finds phases.
    """
    own = {i: crystals[i] for i, row in enumerate(rows) if row.get("electrode_origin") == ORIGIN}
    found = phase_electrodes(own, {index: rows[index]["working_ion"] for index in own}, lines)
    return {
        index: _curve(discharge_steps(electrode, own[index], lines), electrode.half_V, rows[index])
        for index, electrode in found.items()
        if isinstance(electrode, PhaseElectrode) and rows[index].get("capacity_mAh_per_g") is not None
    }


def _curve(path: DischargePath, half_V: float, row: Mapping[str, Any]) -> Curve:
    """Plateaus in the order of charging, per the same mass as the capacity of the row."""
    x, y, taken = [], [], 0.0
    for voltage, ions in reversed(path.steps):
        share = float(row["capacity_mAh_per_g"]) * ions / path.ions
        x += [taken, taken + share]
        y += [voltage, voltage]
        taken += share
    low, high = (tuple(volt + change for volt in y) for change in (-half_V, half_V))
    return Curve("voltage", tuple(x), tuple(y), low, high)
