"""The electrode predictor of the first stage of a ranking: the same rules, and voltages by the network alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import polars as pl

from screening.array_types import Mask
from screening.crystals.crystal import Crystal
from screening.materials.base import Description
from screening.materials.electrodes.electrode_predictor import ElectrodePredictor
from screening.materials.electrodes.measured.offset_release import AUTO, NO_OFFSETS, load_offsets
from screening.materials.electrodes.phases.phase_rows import ORIGIN
from screening.materials.electrodes.voltage.network_voltages import NetworkVoltages
from screening.materials.electrodes.voltage.release_choice import RELEASE
from screening.materials.electrodes.voltage.voltage import FORMAT, KEY
from screening.tabular.release import find_tabular_release


@dataclass(frozen=True)
class QuickElectrodes(ElectrodePredictor):
    """Describes crystals as electrodes without a potential: the same columns, with wider intervals."""

    voltage: NetworkVoltages | None

    @classmethod
    def load(cls, release: str, settings: Mapping[str, Any] = MappingProxyType({})) -> QuickElectrodes:
        """Load a release of rough voltages by its name or folder; `none` leaves voltages null.

        Raises:
            RequestError: The release is unknown or damaged.
        """
        voltage = NetworkVoltages.load(release, str(settings.get("device", "auto")))
        offsets = None
        if voltage is not None:  # they stand for the calculated voltage that both stages predict
            name = NO_OFFSETS if settings.get("offsets") == NO_OFFSETS else AUTO
            offsets = load_offsets(name, find_tabular_release(RELEASE, KEY, FORMAT))
        return cls(voltage, settings.get("working_ion"), offsets)

    def describe_predicted(self, crystals: Sequence[Crystal], table: pl.DataFrame) -> Description:
        """Describe B crystals whose properties the network of the ranking has predicted.

        Args:
            crystals: In standard cells.
            table: Their properties; they need no second prediction.
        """
        if self.voltage is not None:
            self.voltage.remember(crystals, table)
        return self.describe(crystals)

    def settled(self, table: pl.DataFrame) -> Mask:
        """Electrodes that turn into other phases have their figures from the network alone in both stages."""
        return (table["electrode_origin"] == ORIGIN).fill_null(False).to_numpy()
