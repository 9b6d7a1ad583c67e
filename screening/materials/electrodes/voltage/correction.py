"""The learned corrections of voltages and volume changes, with 80 % intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screening.array_types import Floats
from screening.materials.arrays import FEATURE_DECIMALS
from screening.materials.electrodes.voltage.couples import Balance, Couples, balance_of
from screening.materials.electrodes.voltage.descriptors import voltage_feature_names, voltage_features
from screening.materials.electrodes.voltage.ends import HULL_COLUMN, Ends, network_voltages, potential_voltages
from screening.tabular.interval_forest import IntervalForest
from screening.tabular.release import FittedPart

VOLTAGE, VOLUME, HULL = "voltage", "volume", "hull"
TARGETS = {
    VOLTAGE: "V beside that of the potential",
    VOLUME: "percent beside that of the ends",
    HULL: "eV/atom above the hull beside that of the charged end as it stands",
}


def part_name(target: str, given: str) -> str:
    """The name of a part of a release, for example `voltage of pair`."""
    return f"{target} of {given}"


@dataclass(frozen=True)
class VoltageInputs:
    """The inputs of the models for B electrodes.

    Attributes:
        features: (B, F).
        start: Target -> the value of potential or network that the model corrects, (B,).
    """

    features: Floats
    start: dict[str, Floats]

    @classmethod
    def of(cls, couples: Couples, ends: Ends, metals: Floats | None, balance: Balance | None = None) -> VoltageInputs:
        """The inputs of electrodes.

        Args:
            couples: The electrodes.
            ends: Both ends as evaluated by potential and network.
            metals: Energies of the pure metals by the potential in eV/atom, (119,); None starts from the voltages of
                the network, for ends without energies by a potential.
            balance: `balance_of(couples)` if it is known already.
        """
        balance = balance_of(couples) if balance is None else balance
        if metals is None:
            voltage = network_voltages(couples, balance, ends)
        else:
            voltage = potential_voltages(couples, balance, ends, metals)
        features = voltage_features(couples, balance, ends, voltage)
        volume = 100.0 * features[:, voltage_feature_names().index("volume change")]
        hull = ends.charged.properties[:, HULL_COLUMN]
        return cls(features, {VOLTAGE: voltage, VOLUME: volume, HULL: hull})


@dataclass(frozen=True)
class Correction:
    """A forest of the differences between a target and its start value."""

    target: str
    forest: IntervalForest

    def predict(self, inputs: VoltageInputs) -> Floats:
        """Value and 80 % interval, (B, 3); NaN where there is no start value."""
        start = inputs.start[self.target]
        result = np.full((len(start), 3), np.nan)
        rows = np.flatnonzero(np.isfinite(start))
        if len(rows):
            correction, width = self.forest.predict(np.round(inputs.features[rows], FEATURE_DECIMALS))
            value = start[rows] + correction
            result[rows] = np.stack([value, value - width, value + width], axis=1)
        return result

    def to_part(self, metals: dict[str, float]) -> FittedPart:
        """The model as a part of a release; metals: energies of the pure metals in eV/atom."""
        settings = {"features": list(voltage_feature_names()), "target": TARGETS[self.target], "metals_eV": metals}
        return FittedPart(settings, self.forest.tensors())

    @classmethod
    def from_part(cls, part: FittedPart, target: str) -> Correction:
        """The model in a part of a release.

        Raises:
            RequestError: The part is damaged or was fitted for another version.
        """
        part.require_features(voltage_feature_names())
        return cls(target, IntervalForest.from_part(part, len(voltage_feature_names())))
