"""Columns of voltages as they will be measured: calculated over the practical range, plus the offset of a class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import chemical_system
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.packed import pack
from screening.materials.arrays import interval_columns
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.measured.offset_model import NORMAL_80, PredictedOffsets, measured_interval
from screening.materials.electrodes.measured.offset_release import LoadedOffsets
from screening.materials.electrodes.measured.offset_terms import OffsetInputs

MEASURED, OFFSET, LEFT_OUT = "voltage_V", "voltage_offset_V", "voltage_left_out_V"
OFFSET_CLASS, OFFSET_UNKNOWN = "voltage_offset_class", "offset_unknown"
_NO_INSERTION = "alloy_anode"


def measured_columns(
    pairs: Sequence[ElectrodePair | NoPair], calculated: Floats, offsets: LoadedOffsets | None
) -> tuple[list[pl.Series], Mask]:
    """Voltages to be expected in a measurement.

    Alloys and carbon get no offset: theirs are not voltages of an insertion between metal and anions.

    Args:
        pairs: B electrodes.
        calculated: Voltages over the practical range with 80 % interval, in V, (B, 3).
        offsets: None leaves calculated voltages as they are.

    Returns:
        Columns, and where the offset of the class is not known, (B,).
    """
    size = len(pairs)
    voltage, offset, left_out = calculated.copy(), np.full((size, 3), np.nan), np.full((size, 3), np.nan)
    classes: list[str | None] = [None] * size
    inserts = [isinstance(pair, ElectrodePair) and _NO_INSERTION not in pair.flags for pair in pairs]
    rows = np.flatnonzero(np.array(inserts, dtype=bool) & np.isfinite(calculated[:, 0]))
    unknown: Mask = np.zeros(size, dtype=bool)
    unknown[rows] = True
    if len(rows) and offsets is not None:
        own = [pair for row in rows.tolist() if isinstance(pair := pairs[row], ElectrodePair)]
        inputs, systems = offset_inputs(own, calculated[rows, 0])
        found = offsets.model.predict(inputs) if offsets.fits else offsets.model.spread(inputs)
        voltage[rows] = measured_interval(calculated[rows], found.mean, found.deviation)
        offset[rows] = _interval(found)
        unknown[rows] = found.unknown
        for row, words in zip(rows.tolist(), found.classes, strict=True):
            classes[row] = words
        measured = np.isin(systems, offsets.model.systems)
        if offsets.fits and measured.any():
            chosen = np.flatnonzero(measured)
            other = offsets.model.predict_without(inputs.take(chosen.tolist()), [systems[row] for row in chosen])
            left_out[rows[chosen]] = measured_interval(calculated[rows[chosen]], other.mean, other.deviation)
    columns = [
        *interval_columns(MEASURED, voltage),
        *interval_columns(OFFSET, offset),
        *interval_columns(LEFT_OUT, left_out),
        pl.Series(OFFSET_CLASS, classes, dtype=pl.String),
    ]
    return columns, unknown


def offset_inputs(pairs: Sequence[ElectrodePair], voltage_V: Floats) -> tuple[OffsetInputs, list[str]]:
    """What the offsets of B electrodes depend on, over their practical ranges, and their chemical systems.

    Args:
        pairs: B electrodes.
        voltage_V: Calculated voltages, (B,).
    """
    discharged = pack([pair.discharged for pair in pairs]).element_counts()
    charged = discharged.copy()
    for row, pair in enumerate(pairs):
        moved = pair.n_ions_practical
        # a range that is not known, or empty, is judged as if all ions moved
        charged[row, ATOMIC_NUMBERS[pair.working_ion]] -= moved if moved > 0 else pair.n_ions_removed
    inputs = OffsetInputs.of(discharged, np.maximum(charged, 0.0), [pair.working_ion for pair in pairs], voltage_V)
    return inputs, [chemical_system(counts) for counts in discharged]


def _interval(found: PredictedOffsets) -> Floats:
    own = NORMAL_80 * found.deviation
    return np.stack([found.mean, found.mean - own, found.mean + own], axis=1)
