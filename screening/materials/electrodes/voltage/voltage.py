"""Average voltages and volume changes of electrodes with 80 % intervals, from a potential and learned corrections.

If both ends are given, their energies are used as they are. If only one is given, the derived end is relaxed for a few
steps first (`screening.relaxation.few_steps`). Each of these situations has its own correction, learned from calculated
electrodes in the same situation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS, by_element
from screening.crystals.packed import PackedCrystals, pack
from screening.errors import RequestError
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.merit import PREDICTED
from screening.materials.electrodes.voltage.correction import VOLTAGE, VOLUME, Correction, VoltageInputs, part_name
from screening.materials.electrodes.voltage.couples import Couples, balance_of, same_frames, without_ions
from screening.materials.electrodes.voltage.ends import STEPS, evaluate_ends
from screening.materials.electrodes.working_ions import CHARGES
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential
from screening.potentials.registry import load_potential
from screening.relaxation.few_steps import moved, prerelax_rough
from screening.tabular.release import FittedPart, find_tabular_release, load_tabular_release

FORMAT, KEY, NO_VOLTAGE = "voltage-1", "voltage", "none"
_GIVEN = {"given": "pair", "topotactic": "discharged", "inserted": "charged"}
_METHODS = {
    "pair": "both ends as given, {potential} and a learned correction",
    "discharged": "frame without its ion, {steps} steps downhill by {potential}, and a learned correction",
    "charged": "ion put into voids, {steps} steps downhill by {potential}, and a learned correction",
}
_WHOLE = 1e-6

Pairs = Sequence[ElectrodePair | NoPair]


VOLTAGE_COLUMNS = (*PREDICTED, "voltage_method")


@dataclass(frozen=True)
class PredictedVoltages:
    """Predictions for B electrodes, each with its interval.

    Attributes:
        voltage: In V, (B, 3).
        volume: Volume change in percent, (B, 3).
        hull: Energies above the hull of the discharged and of the charged end in eV/atom, (B, 6).
    """

    voltage: Floats
    volume: Floats
    hull: Floats


@dataclass(frozen=True)
class VoltagePredictor:
    """A loaded voltage release.

    Attributes:
        corrections: (target, situation) -> model.
        metals: Energies of the pure metals in eV/atom, (119,).
        potential: For energies.
        network: For properties of both ends.
        folder: Of the release.
    """

    corrections: dict[tuple[str, str], Correction]
    metals: Floats
    potential: Potential
    network: Predictor
    folder: Path

    @classmethod
    def load(cls, name: str, device: str = "auto") -> VoltagePredictor | None:
        """Load a release by its name or folder; None for `none`.

        Raises:
            RequestError: The release is unknown or damaged.
        """
        if name == NO_VOLTAGE:
            return None
        folder = find_tabular_release(name, KEY, FORMAT)
        release = load_tabular_release(folder, KEY, FORMAT)
        wanted = [(target, given) for target in (VOLTAGE, VOLUME) for given in STEPS]
        corrections = {
            key: Correction.from_part(release.parts[part_name(*key)], key[0])
            for key in wanted
            if part_name(*key) in release.parts
        }
        if not corrections:
            raise RequestError(f"voltage={name}: the release has no part that predicts voltages")
        potential, network = (release.training.get(key) for key in ("potential", "network"))
        if not isinstance(potential, str) or not isinstance(network, str):
            raise RequestError(f"voltage={name}: the release does not name the potential and network of its fit")
        metals = _metals(next(iter(release.parts.values())))
        # the network in full precision, as in the fit: voltages magnify errors per atom
        return cls(
            corrections, metals, load_potential(potential, device), Predictor.load(network, device, "32"), folder
        )

    def columns(self, pairs: Pairs) -> list[pl.Series]:
        """The columns `VOLTAGE_COLUMNS` of B electrodes, in V, percent on charge and eV/atom.

        They are null without a pair, for frames that differ, and for elements that the potential does not cover.
        """
        n = len(pairs)
        whole, extractable, volume = (np.full((n, 3), np.nan) for _ in range(3))
        hull = np.full((n, 6), np.nan)
        methods: list[str | None] = [None] * n
        for given in STEPS:
            rows = np.array([i for i, pair in enumerate(pairs) if _situation(pair) == given], dtype=np.int64)
            if len(rows) and (VOLTAGE, given) in self.corrections:
                own = [pair for i in rows.tolist() if isinstance(pair := pairs[i], ElectrodePair)]
                as_given = couples_of(own)
                couples = self.prepared(as_given, given)
                found = self.predict(couples, given)
                whole[rows], volume[rows], hull[rows] = found.voltage, found.volume, found.hull
                if given == "pair":
                    volume[rows] = _volume_changes(as_given)
                extractable[rows] = self._extractable(own, couples, whole[rows])
                for row in rows.tolist():
                    methods[row] = self.method(given)
        values = np.hstack([whole, extractable, volume, hull])
        series = [pl.Series(name, values[:, i], nan_to_null=True) for i, name in enumerate(VOLTAGE_COLUMNS[:-1])]
        return [*series, pl.Series(VOLTAGE_COLUMNS[-1], methods, dtype=pl.String)]

    def method(self, given: str) -> str:
        """The method of a prediction, in words."""
        return _METHODS[given].format(potential=self.potential.name, steps=max(STEPS[given]))

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
            ends = evaluate_ends(self.potential, self.network, couples, given)
            inputs = VoltageInputs.of(couples, ends, self.metals, balance)
            voltage[sound] = self.corrections[VOLTAGE, given].predict(inputs)
            if (VOLUME, given) in self.corrections:
                volume[sound] = self.corrections[VOLUME, given].predict(inputs)
            if ends.discharged.hull is not None and ends.charged.hull is not None:
                hull[sound] = np.hstack([ends.discharged.hull, ends.charged.hull])
        return PredictedVoltages(voltage, volume, hull)

    def _known(self, couples: Couples) -> Mask:
        """Whether the potential covers all elements, (B,)."""
        packed, elements = couples.discharged, self.potential.elements
        unknown = np.zeros(len(packed.numbers)) if elements is None else ~np.isin(packed.numbers, sorted(elements))
        owner = packed.owner
        return np.asarray(np.bincount(owner, unknown, len(packed)) == 0)

    def _extractable(self, pairs: list[ElectrodePair], couples: Couples, whole: Floats) -> Floats:
        """Averages over the redox-limited range, (B, 3); NaN where it is unknown or empty.

        The ions that stay are as far apart as possible. If the limit is between two whole numbers of ions in the cell,
        both phases coexist, so charge times voltage is interpolated linearly between them.
        """
        removed = np.array([pair.n_ions_removed for pair in pairs])
        limit = np.array([pair.n_ions_extractable for pair in pairs])
        result = np.where((limit >= removed - _WHOLE)[:, None], whole, np.nan)
        part = np.flatnonzero((limit > _WHOLE) & (limit < removed - _WHOLE) & (removed >= 1 - _WHOLE))
        if not len(part) or (VOLTAGE, "discharged") not in self.corrections:
            return np.asarray(result)
        limit, removed, couples, whole = limit[part], removed[part], couples.take(part), whole[part]
        low, high = np.floor(limit + _WHOLE), np.ceil(limit - _WHOLE)
        between = high > low  # otherwise both are the same state, which is evaluated once
        both, twice = np.concatenate([low, np.where(between, high, 0.0)]), np.tile(np.arange(len(part)), 2)
        charge = both[:, None] * self._partial(couples.take(twice), both, removed[twice], whole[twice])
        first, second = charge[: len(part)], charge[len(part) :]
        share = np.where(between, (limit - low) / np.maximum(high - low, 1.0), 0.0)[:, None]
        # the charge of 0 ions is 0, and values that are not needed may be NaN
        first, second = np.where(low[:, None] > 0, first, 0.0), np.where(share > 0, second, 0.0)
        result[part] = ((1 - share) * first + share * second) / limit[:, None]
        return np.asarray(result)

    def _partial(self, couples: Couples, ions: Floats, removed: Floats, whole: Floats) -> Floats:
        """Averages over the first `ions`, (B,), of each cell, (B, 3); those of the whole range are known."""
        result = whole.copy()
        rows = np.flatnonzero((ions > 0) & (ions < removed - _WHOLE))
        if len(rows):
            own = couples.take(rows)
            discharged = own.discharged
            owner = discharged.owner
            held = np.bincount(owner, discharged.numbers == own.ions[owner], len(own))
            charged = without_ions(discharged, own.ions, (held - ions[rows]).astype(np.int64))
            part = Couples(discharged, charged, own.ions, own.charges)
            result[rows] = self.predict(part, "discharged").voltage
        return result


def couples_of(pairs: Sequence[ElectrodePair]) -> Couples:
    """The ends of electrodes as arrays."""
    discharged: PackedCrystals = pack([pair.discharged for pair in pairs])
    ions: NDArray[np.int64] = np.array([ATOMIC_NUMBERS[pair.working_ion] for pair in pairs], dtype=np.int64)
    charges = np.array([CHARGES[pair.working_ion] for pair in pairs], dtype=np.float64)
    return Couples(discharged, pack([pair.charged for pair in pairs]), ions, charges)


def _volume_changes(couples: Couples) -> Floats:
    """Exact volume changes in percent with their interval, (B, 3); NaN where the frames differ."""
    balance = balance_of(couples)
    change = np.where(same_frames(balance), 100.0 * balance.volume_change, np.nan)
    return np.repeat(change[:, None], 3, axis=1)


def with_moved_hosts(filled: PackedCrystals, hosts: PackedCrystals, nearer: PackedCrystals) -> PackedCrystals:
    """Move the host atoms of filled hosts in the same way as those of the empty hosts.

    Args:
        filled: Hosts whose own atoms come first, followed by ions.
        hosts: The empty hosts.
        nearer: The empty hosts after they were moved.
    """
    lattice, frac = filled.lattice.copy(), filled.frac.copy()
    for row in range(len(filled)):
        own, host = filled.atoms(row), hosts.atoms(row)
        same = slice(own.start, own.start + host.stop - host.start)
        if np.array_equal(filled.numbers[same], hosts.numbers[host]) and np.array_equal(frac[same], hosts.frac[host]):
            lattice[row], frac[same] = nearer.lattice[row], nearer.frac[host]
    return PackedCrystals(lattice, filled.numbers, frac, filled.offsets)


def _situation(pair: ElectrodePair | NoPair) -> str:
    return _GIVEN[pair.origin] if isinstance(pair, ElectrodePair) else ""


def _metals(part: FittedPart) -> Floats:
    kept = part.numbers("metals_eV")
    if not set(kept) <= set(ATOMIC_NUMBERS):
        raise part.problem("the energies of the pure metals are missing")
    return by_element(kept, np.nan)
