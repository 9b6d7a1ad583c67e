"""The learned part of voltages and volume changes: what the potential's figure lacks, with an 80 % interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screening.array_types import Floats
from screening.materials.electrodes.voltage.couples import Balance, Couples, balance_of
from screening.materials.electrodes.voltage.descriptors import voltage_feature_names, voltage_features
from screening.materials.electrodes.voltage.ends import Ends, potential_voltages
from screening.tabular.interval_forest import IntervalForest
from screening.tabular.release import FittedPart

VOLTAGE, VOLUME = "voltage", "volume"
TARGETS = {VOLTAGE: "V beside that of the potential", VOLUME: "percent beside that of the ends"}


def part_name(target: str, given: str) -> str:
    """Of a release's part: `voltage of pair`."""
    return f"{target} of {given}"


@dataclass(frozen=True)
class Described:
    """B electrodes as the models see them. features: (B, F); start: by target, (B,) what the model corrects."""

    features: Floats
    start: dict[str, Floats]

    @classmethod
    def of(cls, couples: Couples, ends: Ends, metals: Floats, balance: Balance | None = None) -> Described:
        """metals: (119,) eV/atom of the pure metals by the potential."""
        balance = balance_of(couples) if balance is None else balance
        voltage = potential_voltages(couples, balance, ends, metals)
        features = voltage_features(couples, balance, ends, voltage)
        volume = 100.0 * features[:, voltage_feature_names().index("volume change")]
        return cls(features, {VOLTAGE: voltage, VOLUME: volume})


@dataclass(frozen=True)
class Correction:
    """A forest of what the start value of a target lacks."""

    target: str
    forest: IntervalForest

    def predict(self, described: Described) -> Floats:
        """(B, 3) value and 80 % interval; NaN where the potential gave no number."""
        start = described.start[self.target]
        result = np.full((len(start), 3), np.nan)
        rows = np.flatnonzero(np.isfinite(start))
        if len(rows):
            lacks, width = self.forest.predict(described.features[rows])
            value = start[rows] + lacks
            result[rows] = np.stack([value, value - width, value + width], axis=1)
        return result

    def to_part(self, metals: dict[str, float]) -> FittedPart:
        """What a release keeps; metals: eV/atom of the pure metals."""
        settings = {"features": list(voltage_feature_names()), "target": TARGETS[self.target], "metals_eV": metals}
        return FittedPart(settings, self.forest.tensors())

    @classmethod
    def from_part(cls, part: FittedPart, target: str) -> Correction:
        """What a release kept; raises RequestError when it is damaged or fitted for another version."""
        part.require_features(voltage_feature_names())
        return cls(target, IntervalForest.from_part(part, len(voltage_feature_names())))
