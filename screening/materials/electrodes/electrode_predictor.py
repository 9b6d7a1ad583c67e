"""The electrode predictor: both ends of a crystal, the ions that move between them, and the voltage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from screening.chemistry.formulas import cell_formula
from screening.crystals.crystal import Crystal
from screening.materials.arrays import flagged, floats, names_with_interval
from screening.materials.base import Description
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.end_members.pair_search import find_pairs
from screening.materials.electrodes.measured.measured_columns import OFFSET_UNKNOWN, measured_columns
from screening.materials.electrodes.measured.measured_table import PRACTICAL
from screening.materials.electrodes.measured.offset_release import AUTO, LoadedOffsets, load_offsets
from screening.materials.electrodes.phases.line_phases import LinePhases
from screening.materials.electrodes.phases.phase_rows import phase_rows, with_phases
from screening.materials.electrodes.voltage.network_voltages import NetworkVoltages
from screening.materials.electrodes.voltage.voltage import VOLTAGE_COLUMNS, VoltagePredictor

PAIR_SCHEMA: dict[str, type[pl.DataType]] = {
    "working_ion": pl.String,
    "electrode_origin": pl.String,
    "discharged_cell_formula": pl.String,
    "discharged_volume_A3": pl.Float64,
    "n_ions_removed": pl.Float64,
    "n_ions_extractable": pl.Float64,
    "n_ions_practical": pl.Float64,
    "practical_limit": pl.String,
    "no_pair_reason": pl.String,
    "flags": pl.String,
}


@dataclass(frozen=True)
class ElectrodePredictor:
    """Describes crystals as electrodes.

    Attributes:
        voltage: None leaves voltages null.
        working_ion: None takes the one found in each crystal.
        offsets: Between calculated and measured voltages; None leaves `voltage_V` as calculated.
    """

    voltage: VoltagePredictor | NetworkVoltages | None
    working_ion: str | None = None
    offsets: LoadedOffsets | None = None

    @classmethod
    def load(cls, release: str, settings: Mapping[str, Any] = MappingProxyType({})) -> ElectrodePredictor:
        """Load a release by its name or folder; `none` leaves voltages null.

        Raises:
            RequestError: The release is unknown or damaged.
        """
        voltage = VoltagePredictor.load(release, str(settings.get("device", "auto")))
        offsets = load_offsets(str(settings.get("offsets") or AUTO), voltage.folder) if voltage is not None else None
        return cls(voltage, settings.get("working_ion"), offsets)

    @property
    def folder(self) -> Path | None:
        """The folder of the voltage release; None without one."""
        return self.voltage.folder if self.voltage is not None else None

    @property
    def loads(self) -> Mapping[str, Path | None]:
        """What the voltages are predicted with, and the offsets that correct them."""
        if self.voltage is None:
            return {}
        return {**self.voltage.loads, "offsets": None if self.offsets is None else self.offsets.folder}

    @property
    def training(self) -> Mapping[str, Any] | None:
        """Not used: which systems the offsets have seen is said by `voltage_left_out_V`."""
        return None

    def describe(self, crystals: Sequence[Crystal]) -> Description:
        """Describe B crystals: the columns of `PAIR_SCHEMA`, of the voltages, and of those to be measured."""
        pairs = list(find_pairs(crystals, self.working_ion))
        phases = phase_rows(crystals, pairs, self.working_ion, self.lines)
        table = pl.DataFrame([_row(pair) for pair in pairs], schema=PAIR_SCHEMA)
        refused = {row: pair.reason for row, pair in enumerate(pairs) if isinstance(pair, NoPair) and pair.refused}
        framed = phases.pairs_in_frames(pairs)
        voltages = pl.DataFrame(self._voltages(framed))
        calculated = np.stack([floats(voltages, name) for name in names_with_interval(PRACTICAL)], axis=1)
        measured, unknown = measured_columns(framed, calculated, self.offsets)
        table = table.with_columns(flagged(table, {OFFSET_UNKNOWN: unknown}), *voltages, *measured)
        return Description(with_phases(table, phases, pairs, self.lines).get_columns(), refused)

    @cached_property
    def lines(self) -> LinePhases | None:
        """Finds phases of alloys and conversion electrodes; None without voltages."""
        if self.voltage is None:
            return None
        potential = self.voltage.potential if isinstance(self.voltage, VoltagePredictor) else None
        return LinePhases(self.voltage.network, potential)

    def _voltages(self, pairs: list[ElectrodePair | NoPair]) -> list[pl.Series]:
        if self.voltage is not None:
            return self.voltage.columns(pairs)
        kinds = [pl.String if name == "voltage_method" else pl.Float64 for name in VOLTAGE_COLUMNS]
        return [pl.Series(name, [None] * len(pairs), dtype=k) for name, k in zip(VOLTAGE_COLUMNS, kinds, strict=True)]


def _row(pair: ElectrodePair | NoPair) -> dict[str, object]:
    flags = ";".join(pair.flags)
    if isinstance(pair, NoPair):
        return {"no_pair_reason": pair.reason, "flags": flags}
    return {
        "working_ion": pair.working_ion,
        "electrode_origin": pair.origin,
        "discharged_cell_formula": cell_formula(pair.discharged.numbers),
        "discharged_volume_A3": pair.discharged.volume_A3,
        "n_ions_removed": pair.n_ions_removed,
        "n_ions_extractable": None if isnan(pair.n_ions_extractable) else pair.n_ions_extractable,
        "n_ions_practical": None if isnan(pair.n_ions_practical) else pair.n_ions_practical,
        "practical_limit": pair.practical_limit or None,
        "flags": flags,
    }
