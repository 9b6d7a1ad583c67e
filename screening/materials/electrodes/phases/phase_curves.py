"""Curves of voltage over charge of electrodes that turn into other phases: a plateau for each pair of mixtures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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
    curves = {
        index: _curve(discharge_steps(electrode, own[index], lines), rows[index])
        for index, electrode in found.items()
        if isinstance(electrode, PhaseElectrode)
    }
    return {index: curve for index, curve in curves.items() if curve is not None}


def drawn(x: Sequence[float], y: Sequence[float], row: Mapping[str, Any]) -> Curve | None:
    """A curve of voltage over charge that agrees with the table.

    It ends at the practical capacity, all of its voltages are shifted by the same amount so that their mean over the
    charge is `voltage_V`, and its interval is that of `voltage_V`.

    Args:
        x: Charge taken out so far in any unit, from 0; plateaus have two points.
        y: Voltages there in V.
        row: Of the ranked table; without voltage or capacity there is no curve.
    """
    volts = [row.get(f"voltage_V{end}") for end in ("", "_lo", "_hi")]
    capacity = row.get("capacity_practical_mAh_per_g")
    if not capacity or any(volt is None for volt in volts):
        return None
    value, low, high = (float(volt or 0.0) for volt in volts)
    charge = np.asarray(x) * float(capacity) / x[-1]
    middle = np.asarray(y) + value - np.trapezoid(y, x) / x[-1]
    parts = (charge, middle, middle + low - value, middle + high - value)
    return Curve("voltage", *(tuple(part.tolist()) for part in parts))


def _curve(path: DischargePath, row: Mapping[str, Any]) -> Curve | None:
    """Plateaus in the order of charging."""
    x: list[float] = []
    y: list[float] = []
    taken = 0.0
    for voltage, ions in reversed(path.steps):
        x += [taken, taken + ions]
        y += [voltage, voltage]
        taken += ions
    return drawn(x, y, row)
