"""The electrode predictor of the first stage of a ranking: the same rules, and voltages by the network alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from screening.materials.electrodes.electrode_predictor import ElectrodePredictor
from screening.materials.electrodes.voltage.network_voltages import NetworkVoltages


class QuickElectrodes(ElectrodePredictor):
    """Describes crystals as electrodes without a potential: the same columns, with wider intervals."""

    @classmethod
    def load(cls, release: str, settings: Mapping[str, Any] = MappingProxyType({})) -> QuickElectrodes:
        """Load a release of rough voltages by its name or folder; `none` leaves voltages null.

        Raises:
            RequestError: The release is unknown or damaged.
        """
        voltage = NetworkVoltages.load(release, str(settings.get("device", "auto")))
        return cls(voltage, settings.get("working_ion"))
