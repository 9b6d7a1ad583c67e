"""Rough voltages by the property network alone: the first stage of a ranking, before any potential.

Both ends are taken as they stand, also a frame without its ion or a host with ions in its voids. A learned correction
makes up for what they would gain by relaxing; its intervals are wide accordingly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals
from screening.errors import RequestError
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.voltage.correction import HULL, VOLTAGE, VOLUME, Correction, VoltageInputs
from screening.materials.electrodes.voltage.couples import Couples, balance_of, same_frames
from screening.materials.electrodes.voltage.ends import PROPERTY_COLUMNS, network_ends, network_properties
from screening.materials.electrodes.voltage.obstacles import obstacle
from screening.materials.electrodes.voltage.practical_range import PredictedVoltages
from screening.materials.electrodes.voltage.voltage import NO_VOLTAGE, Pairs, corrections_of, voltage_columns
from screening.networks.predictor import Predictor
from screening.tabular.release import find_tabular_release, load_tabular_release

NETWORK_FORMAT, NETWORK_KEY = "network-voltage-1", "network_voltage"
_METHOD = "first stage: {network} alone, unrelaxed ends, and a learned correction"


@dataclass(frozen=True)
class NetworkVoltages:
    """A loaded release of rough voltages.

    Attributes:
        corrections: (target, situation) -> model.
        network: For properties of both ends.
        folder: Of the release.
        known: Properties of crystals that were predicted already, as `network_properties` has them, by their arrays.
    """

    corrections: dict[tuple[str, str], Correction]
    network: Predictor
    folder: Path
    known: dict[bytes, Floats] = field(default_factory=dict)

    @classmethod
    def load(cls, name: str, device: str = "auto") -> NetworkVoltages | None:
        """Load a release by its name or folder; None for `none`.

        Raises:
            RequestError: The release is unknown or damaged.
        """
        if name == NO_VOLTAGE:
            return None
        folder = find_tabular_release(name, NETWORK_KEY, NETWORK_FORMAT)
        release = load_tabular_release(folder, NETWORK_KEY, NETWORK_FORMAT)
        network = release.training.get("network")
        if not isinstance(network, str):
            raise RequestError(f"{NETWORK_KEY}={name}: the release does not name the network of its fit")
        corrections = corrections_of(release, f"{NETWORK_KEY}={name}")
        return cls(corrections, Predictor.load(network, device, "32"), folder)

    @property
    def loads(self) -> dict[str, Path | None]:
        """The folder of the network that the release was fitted with."""
        return {"network": self.network.folder}

    def columns(self, pairs: Pairs) -> list[pl.Series]:
        """The columns `VOLTAGE_COLUMNS` of B electrodes, as a potential would give them, with wider intervals."""
        try:
            return voltage_columns(self, pairs)
        finally:
            self.known.clear()

    def remember(self, crystals: Sequence[Crystal], table: pl.DataFrame) -> None:
        """Take the properties of crystals from the network's table, until the next columns are there."""
        if set(PROPERTY_COLUMNS) <= set(table.columns):
            keys = (_key(c.lattice, c.numbers, c.frac) for c in crystals)
            self.known.update(zip(keys, table.select(PROPERTY_COLUMNS).to_numpy(), strict=True))

    def method(self, given: str) -> str:
        """The method of a prediction, in words."""
        return _METHOD.format(network=self.network.folder.name)

    def obstacle(self, pair: ElectrodePair) -> str:
        """Why an electrode has no voltage: only frames that differ."""
        return obstacle(pair, "", ())

    def prepared(self, couples: Couples, given: str) -> Couples:
        """The same electrodes: nothing is moved."""
        return couples

    def predict(self, couples: Couples, given: str) -> PredictedVoltages:
        """Predict voltages, volume changes and energies above the hull; NaN for frames that differ."""
        size = len(couples)
        voltage, volume, hull = (np.full((size, width), np.nan) for width in (3, 3, 6))
        sound = np.flatnonzero(same_frames(balance_of(couples)))
        if len(sound):
            couples = couples.take(sound)
            ends = network_ends(self._properties, couples)
            inputs = VoltageInputs.of(couples, ends, None)
            voltage[sound] = self.corrections[VOLTAGE, given].predict(inputs)
            if (VOLUME, given) in self.corrections:
                volume[sound] = self.corrections[VOLUME, given].predict(inputs)
            if ends.discharged.hull is not None and ends.charged.hull is not None:
                hull[sound] = np.hstack([ends.discharged.hull, ends.charged.hull])
            if (HULL, given) in self.corrections:
                hull[sound, 3:] = _widened(hull[sound, 3:], self.corrections[HULL, given].predict(inputs))
        return PredictedVoltages(voltage, volume, hull)

    def _properties(self, packed: PackedCrystals) -> Floats:
        """`network_properties` of B crystals, (B, 6); each crystal is predicted once."""
        atoms = [packed.atoms(row) for row in range(len(packed))]
        keys = [_key(packed.lattice[row], packed.numbers[own], packed.frac[own]) for row, own in enumerate(atoms)]
        new = {key: row for row, key in enumerate(keys) if key not in self.known}
        if new:
            rows = np.fromiter(new.values(), dtype=np.int64, count=len(new))
            self.known.update(zip(new, network_properties(self.network, packed.take(rows)), strict=True))
        return np.array([self.known[key] for key in keys])


def _key(lattice: Floats, numbers: NDArray[np.integer], frac: Floats) -> bytes:
    return lattice.tobytes() + numbers.astype(np.int16).tobytes() + frac.tobytes()


def _widened(found: Floats, relaxed: Floats) -> Floats:
    """Energies above the hull of relaxed ends, (B, 3), with the interval of the network and that of the relaxation."""
    value = np.maximum(relaxed[:, 0], 0.0)
    below = np.hypot(found[:, 0] - found[:, 1], relaxed[:, 0] - relaxed[:, 1])
    above = np.hypot(found[:, 2] - found[:, 0], relaxed[:, 2] - relaxed[:, 0])
    return np.stack([value, np.maximum(value - below, 0.0), value + above], axis=1)
