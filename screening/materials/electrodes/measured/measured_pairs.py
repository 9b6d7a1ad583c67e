"""Both ends of a measured electrode over the range in which it was measured, from one of its crystals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.crystal import Crystal
from screening.crystals.packed import pack
from screening.materials.electrodes.end_members.insertion import enlarged, fill
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.measured.measured_table import MeasuredVoltage
from screening.materials.electrodes.voltage.couples import without_ions

_MOST_CELLS = 4
_SAME_FRAME = 0.01
"""Largest difference in the fractions of the elements of a frame; formulas in tables are rounded."""
_WHOLE = 0.05
_FILLED = 0.75
"""Share of the measured ions for which there must be room."""


def measured_pair(crystal: Crystal, row: MeasuredVoltage) -> ElectrodePair | NoPair:
    """Both ends of the measured range.

    Ions are taken out of a discharged crystal, and put into a charged one. If the range needs a part of an ion per
    cell, several cells are taken together.

    Args:
        crystal: The discharged or the charged end of the row; a discharged one may hold more ions.
        row: What was measured.
    """
    number = ATOMIC_NUMBERS[row.ion]
    held = crystal.numbers == number
    counts = np.bincount(crystal.numbers[~held], minlength=len(row.frame)).astype(np.float64)
    if not counts.sum() or np.abs(counts / counts.sum() - row.frame / row.frame.sum()).max() > _SAME_FRAME:
        return NoPair(f"{crystal.formula} has another frame than {row.name}", refused=True)
    units = counts.sum() / row.frame.sum()
    discharged, charged = (units * ions for ions in row.ions)
    if held.sum() < (discharged + charged) / 2:
        return _filled(crystal, row, discharged - charged)
    excess = round(float(held.sum() - discharged))
    if excess > 0:
        left = np.array([held.sum() - excess], dtype=np.int64)
        kept = without_ions(pack([crystal]), np.array([number], dtype=np.int64), left)
        crystal = replace(crystal, numbers=kept.numbers, frac=kept.frac)
        held = crystal.numbers == number
    empty = replace(crystal, numbers=crystal.numbers[~held], frac=crystal.frac[~held])
    removed = float(held.sum())
    moved = min(discharged - charged, removed)
    return ElectrodePair(crystal, empty, row.ion, removed, "topotactic", (), moved, n_ions_practical=moved)


def _filled(host: Crystal, row: MeasuredVoltage, moved: float) -> ElectrodePair | NoPair:
    cells = min(range(1, _MOST_CELLS + 1), key=lambda n: (_rounding(n * moved) > _WHOLE, n if n * moved > 0.5 else 99))
    host = enlarged(host, cells)
    wanted = max(1, round(cells * moved))
    found = fill(host, row.ion, wanted)
    if found is None or found.added < _FILLED * wanted:
        return NoPair(f"the voids of {host.formula} do not take up {wanted} {row.ion}")
    added = float(found.added)
    return ElectrodePair(found.crystal, host, row.ion, added, "inserted", (), added, n_ions_practical=added)


def _rounding(ions: float) -> float:
    return abs(ions - max(1, round(ions))) / max(ions, 1e-9)
