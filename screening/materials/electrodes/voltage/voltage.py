"""Average voltages and volume changes of electrodes with 80 % intervals, from a potential and learned corrections.

If both ends are given, their energies are used as they are. If only one is given, the derived end is relaxed for a few
steps first (`screening.relaxation.few_steps`). Each of these situations has its own correction, learned from calculated
electrodes in the same situation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS, by_element
from screening.errors import RequestError
from screening.materials.arrays import names_with_interval
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.voltage.correction import (
    HULL,
    VOLTAGE,
    VOLUME,
    Correction,
    VoltageInputs,
    part_name,
)
from screening.materials.electrodes.voltage.couples import (
    Couples,
    balance_of,
    couples_of,
    same_frames,
    with_moved_hosts,
    without_ions,
)
from screening.materials.electrodes.voltage.ends import (
    NOTHING_MORE,
    STEPS,
    Refinement,
    evaluate_ends,
    metal_energies,
)
from screening.materials.electrodes.voltage.obstacles import UNPREDICTED, obstacle
from screening.materials.electrodes.voltage.practical_range import PredictedVoltages, over_practical_range
from screening.materials.electrodes.voltage.release_choice import ACCURATE, best_release
from screening.materials.electrodes.voltage.two_potentials import widened
from screening.materials.electrodes.working_ions import CHARGES
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential
from screening.potentials.registry import load_potential
from screening.relaxation.few_steps import moved, prerelax_rough
from screening.tabular.release import FittedPart, TabularRelease, find_tabular_release, load_tabular_release

FORMAT, KEY, NO_VOLTAGE = "voltage-1", "voltage", "none"
_GIVEN = {"given": "pair", "topotactic": "discharged", "inserted": "charged"}
_METHODS = {
    "pair": "both ends as given, energies by {energies} and a learned correction",
    "discharged": "frame without its ion, {steps} steps downhill by {potential}, energies by {energies} and a learned "
    "correction",
    "charged": "ion put into voids, {steps} steps downhill by {potential}, energies by {energies} and a learned "
    "correction",
}

Pairs = Sequence[ElectrodePair | NoPair]


class VoltageEngine(Protocol):
    """What predicts the voltages of electrodes: a potential with a correction, or a network alone."""

    @property
    def corrections(self) -> Mapping[tuple[str, str], Correction]:
        """(target, situation) -> model."""

    def prepared(self, couples: Couples, given: str) -> Couples:
        """The same electrodes, made ready for predictions."""

    def predict(self, couples: Couples, given: str) -> PredictedVoltages:
        """Predict B electrodes in a situation, a key of `STEPS`."""

    def method(self, given: str) -> str:
        """How, in words."""

    def obstacle(self, pair: ElectrodePair) -> str:
        """Why an electrode has no voltage, in words."""


VOLTAGE_COLUMNS = (
    *names_with_interval("voltage_calculated_V"),
    *names_with_interval("voltage_calculated_practical_V"),
    *names_with_interval("volume_change_percent"),
    *names_with_interval("discharged_energy_above_hull_eV_per_atom"),
    *names_with_interval("charged_energy_above_hull_eV_per_atom"),
    "voltage_method",
)


@dataclass(frozen=True)
class VoltagePredictor:
    """A loaded voltage release.

    Attributes:
        corrections: (target, situation) -> model.
        metals: Energies of the pure metals in eV/atom, (119,).
        potential: Relaxes, and gives energies unless another does.
        network: For properties of both ends.
        folder: Of the release.
        refinement: What the release does beyond the steps of all.
        remark: What the user should know about the choice of the release; empty if nothing.
    """

    corrections: dict[tuple[str, str], Correction]
    metals: Floats
    potential: Potential
    network: Predictor
    folder: Path
    refinement: Refinement = NOTHING_MORE
    remark: str = ""

    @classmethod
    def load(cls, name: str, device: str = "auto") -> VoltagePredictor | None:
        """Load a release by its name or folder, or the best that can be used for `accurate`; None for `none`.

        Raises:
            RequestError: The release is unknown or damaged, or what it needs is not installed.
        """
        if name == NO_VOLTAGE:
            return None
        name, remark = best_release() if name == ACCURATE else (name, "")
        folder = find_tabular_release(name, KEY, FORMAT)
        release = load_tabular_release(folder, KEY, FORMAT)
        corrections = corrections_of(release, f"{KEY}={name}")
        potential, network = (release.training.get(key) for key in ("potential", "network"))
        if not isinstance(potential, str) or not isinstance(network, str):
            raise RequestError(f"voltage={name}: the release does not name the potential and network of its fit")
        energies_by = release.training.get("energies_by")
        single_point = load_potential(energies_by, device, f"{KEY}={name}: energies_by") if energies_by else None
        metals = _metals(next(iter(release.parts.values())))
        # the network in full precision, as in the fit: voltages magnify errors per atom
        properties = Predictor.load(network, device, "32")
        refinement = Refinement(single_point, int(release.training.get("further_steps") or 0))
        return cls(corrections, metals, load_potential(potential, device), properties, folder, refinement, remark)

    @property
    def loads(self) -> dict[str, Path | None]:
        """The files of the potentials and the folder of the network that the release was fitted with."""
        found = {"potential": self.potential.checkpoint, "network": self.network.folder}
        better = self.refinement.single_point
        return found if better is None else {**found, "energies_by": better.checkpoint}

    def columns(self, pairs: Pairs) -> list[pl.Series]:
        """The columns `VOLTAGE_COLUMNS` of B electrodes, in V, percent on charge and eV/atom.

        Volume change and stability of the charged end are those after the loss of the practical number of ions.
        They are null without a pair, for frames that differ, and for elements that the potential does not cover.
        """
        return voltage_columns(self, pairs)

    def method(self, given: str) -> str:
        """The method of a prediction, in words."""
        energies = (self.refinement.single_point or self.potential).name
        steps = max(STEPS[given]) + self.refinement.further_steps
        words = _METHODS[given].format(potential=self.potential.name, steps=steps, energies=energies)
        return f"{words}; {self.remark}" if self.remark else words

    def obstacle(self, pair: ElectrodePair) -> str:
        """Why an electrode has no voltage: a metal without energy, elements not covered, or frames that differ."""
        known = bool(np.isfinite(self.metals[ATOMIC_NUMBERS[pair.working_ion]]))
        return obstacle(pair, self.folder.name if not known else "", (self.potential, self.refinement.single_point))

    def prepared(self, couples: Couples, given: str) -> Couples:
        """The same electrodes with given crystals moved near a minimum of the potential if they are far from it.

        A derived end changes in the same way as the other one.
        """
        known = np.flatnonzero(self._known(couples) & same_frames(balance_of(couples)))
        if not len(known):
            return couples
        able, (discharged, charged) = couples.take(known), (couples.discharged, couples.charged)
        if given != "charged":
            discharged = moved(discharged, known, prerelax_rough(self.potential, able.discharged))
        if given != "discharged":
            charged = moved(charged, known, prerelax_rough(self.potential, able.charged))
        if given == "charged":
            discharged = with_moved_hosts(discharged, couples.charged, charged)
        if given == "discharged":
            owner = charged.owner
            left = np.bincount(owner, charged.numbers == couples.ions[owner], len(couples)).astype(np.int64)
            charged = without_ions(discharged, couples.ions, left)
        return Couples(discharged, charged, couples.ions, couples.charges)

    def predict(self, couples: Couples, given: str) -> PredictedVoltages:
        """Predict voltages, volume changes and energies above the hull.

        Predictions are NaN for frames that differ, for elements that the potential does not cover, and where the
        release has no part for this situation.

        Args:
            couples: B electrodes.
            given: A key of `STEPS`.
        """
        size = len(couples)
        voltage, volume, hull = (np.full((size, width), np.nan) for width in (3, 3, 6))
        sound = np.flatnonzero(same_frames(balance_of(couples)) & self._known(couples))
        if len(sound):
            couples = couples.take(sound)
            balance = balance_of(couples)
            ends = evaluate_ends(self.potential, self.network, couples, given, self.refinement)
            inputs = VoltageInputs.of(couples, ends, self.metals, balance)
            found = self.corrections[VOLTAGE, given].predict(inputs)
            if self.refinement.single_point is not None:
                found = widened(found, couples, balance, ends, inputs.start[VOLTAGE], self._first_metals)
            voltage[sound] = found
            if (VOLUME, given) in self.corrections:
                volume[sound] = self.corrections[VOLUME, given].predict(inputs)
            if ends.discharged.hull is not None and ends.charged.hull is not None:
                hull[sound] = np.hstack([ends.discharged.hull, ends.charged.hull])
        return PredictedVoltages(voltage, volume, hull)

    @cached_property
    def _first_metals(self) -> Floats:
        """Energies of the pure metals by the potential that relaxes, in eV/atom, (119,)."""
        return metal_energies(self.potential, CHARGES)

    def _known(self, couples: Couples) -> Mask:
        """Whether the potentials cover all elements, and the metal of the ion is known as reference, (B,)."""
        packed = couples.discharged
        unknown = np.zeros(len(packed.numbers), dtype=bool)
        for potential in (self.potential, self.refinement.single_point):
            if potential is not None and potential.elements is not None:
                unknown |= ~np.isin(packed.numbers, sorted(potential.elements))
        covered = np.bincount(packed.owner, unknown, len(packed)) == 0
        return np.asarray(covered & np.isfinite(self.metals[couples.ions]))


def corrections_of(release: TabularRelease, named: str) -> dict[tuple[str, str], Correction]:
    """(target, situation) -> model of a release, named as in `voltage=NAME`; RequestError if it has none."""
    wanted = [(target, given) for target in (VOLTAGE, VOLUME, HULL) for given in STEPS]
    found = {
        key: Correction.from_part(release.parts[part_name(*key)], key[0])
        for key in wanted
        if part_name(*key) in release.parts
    }
    if not found:
        raise RequestError(f"{named}: the release has no part that predicts voltages")
    return found


def voltage_columns(engine: VoltageEngine, pairs: Pairs) -> list[pl.Series]:
    """The columns `VOLTAGE_COLUMNS` of B electrodes, as `VoltagePredictor.columns` has them."""
    n = len(pairs)
    whole, practical, volume = (np.full((n, 3), np.nan) for _ in range(3))
    hull = np.full((n, 6), np.nan)
    methods: list[str | None] = [None] * n
    for given in STEPS:
        rows = np.array([i for i, pair in enumerate(pairs) if _situation(pair) == given], dtype=np.int64)
        if len(rows) and (VOLTAGE, given) in engine.corrections:
            own = [pair for i in rows.tolist() if isinstance(pair := pairs[i], ElectrodePair)]
            as_given = couples_of(own)
            couples = engine.prepared(as_given, given)
            found = engine.predict(couples, given)
            partly = (
                partial(engine.predict, given="discharged") if (VOLTAGE, "discharged") in engine.corrections else None
            )
            used = over_practical_range(own, couples, found, partly)
            whole[rows], practical[rows], hull[rows] = found.voltage, used.voltage, used.hull
            volume[rows] = _volume_changes(as_given, own) if given == "pair" else used.volume
            for row, pair, volts in zip(rows.tolist(), own, found.voltage[:, 0], strict=True):
                methods[row] = engine.method(given) if np.isfinite(volts) else f"{UNPREDICTED}: {engine.obstacle(pair)}"
    values = np.hstack([whole, practical, volume, hull])
    series = [pl.Series(name, values[:, i], nan_to_null=True) for i, name in enumerate(VOLTAGE_COLUMNS[:-1])]
    return [*series, pl.Series(VOLTAGE_COLUMNS[-1], methods, dtype=pl.String)]


def _volume_changes(couples: Couples, pairs: Sequence[ElectrodePair]) -> Floats:
    """Volume changes in percent between given ends with their interval, (B, 3); NaN where the frames differ.

    For a practical part of the range they are proportional to the ions that leave (Vegard's law).
    """
    balance = balance_of(couples)
    shares = np.array([pair.n_ions_practical / pair.n_ions_removed for pair in pairs])
    shares = np.where((shares > 0) & (shares < 1), shares, 1.0)
    change = np.where(same_frames(balance), 100.0 * shares * balance.volume_change, np.nan)
    return np.repeat(change[:, None], 3, axis=1)


def _situation(pair: ElectrodePair | NoPair) -> str:
    return _GIVEN[pair.origin] if isinstance(pair, ElectrodePair) else ""


def _metals(part: FittedPart) -> Floats:
    kept = part.numbers("metals_eV")
    if not set(kept) <= set(ATOMIC_NUMBERS):
        raise part.problem("the energies of the pure metals are missing")
    return by_element(kept, np.nan)
