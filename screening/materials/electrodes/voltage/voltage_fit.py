"""Fitting corrections of voltages and volume changes, with cross-validated intervals, scored on test systems."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.data.splits import splits_of
from screening.errors import RequestError
from screening.materials.electrodes.end_members.insertion import fill
from screening.materials.electrodes.end_members.redox import ION_CHARGES
from screening.materials.electrodes.voltage.correction import (
    HULL,
    VOLTAGE,
    VOLUME,
    Correction,
    VoltageInputs,
    part_name,
)
from screening.materials.electrodes.voltage.couples import Balance, Couples, balance_of, without_ions
from screening.materials.electrodes.voltage.ends import (
    HULL_COLUMN,
    NOTHING_MORE,
    Refinement,
    metal_energies,
    network_ends,
    network_properties,
)
from screening.materials.electrodes.voltage.ends_cache import cached_ends
from screening.materials.electrodes.voltage.insertion_data import ElectrodeExamples, electrode_examples
from screening.materials.electrodes.voltage.voltage_scores import scores_by_group
from screening.materials.electrodes.working_ions import CHARGES
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential
from screening.tabular.fit_settings import ForestFitSettings
from screening.tabular.interval_forest import ForestSettings, Rows, fit_cross_interval_forest
from screening.tabular.kernel_ridge import KernelSettings
from screening.tabular.release import FittedPart

LARGEST_VOLUME_CHANGE = 0.5
"""Ends that differ by more no longer have the same frame."""
FOREST = ForestSettings(n_trees=40, least_rows=1, tried=0.5, kernel=KernelSettings(noise=0.1))
TARGETS_OF = {"pair": (VOLTAGE,), "discharged": (VOLTAGE, VOLUME), "charged": (VOLTAGE, VOLUME)}
"""Targets to learn in each situation; the volume change of a given pair is known."""
_WHOLE = 1e-3
_FAR_OFF = 5.0  # median differences from the middle at which a row counts half
_FEWEST = 5


@dataclass(frozen=True)
class VoltageFitSettings(ForestFitSettings):
    """Settings of the fit.

    Attributes:
        most_hosts: Number of charged ends, drawn at random, whose ions are put back into voids.
        excluded: Formulas of compounds to learn nothing from.
        most_atoms: Atoms of the largest discharged cell whose other end is derived; large cells take most of the time.
    """

    most_hosts: int = 1000
    excluded: tuple[str, ...] = ()
    most_atoms: int | None = None


@dataclass(frozen=True)
class _Situation:
    """R examples with both ends as calculated, and the inputs of the models when only `given` is known."""

    given: str
    examples: ElectrodeExamples
    inputs: VoltageInputs
    hull_eV_per_atom: Floats | None = None
    """Of the charged ends as calculated, (R,); None where it is no target."""

    @cached_property
    def balance(self) -> Balance:
        return balance_of(self.examples.couples)

    def truth(self, target: str) -> Floats:
        """Target values, (R,); NaN for volume changes of ends that no longer have the same frame."""
        change = self.balance.volume_change
        volume = np.where(np.abs(change) <= LARGEST_VOLUME_CHANGE, 100.0 * change, np.nan)
        if target == HULL and self.hull_eV_per_atom is not None:
            return self.hull_eV_per_atom
        return self.examples.voltage_V if target == VOLTAGE else volume


def fit_voltage_parts(
    folder: Path,
    potential: Potential | None,
    network: Predictor,
    cache: Path,
    settings: VoltageFitSettings,
    refinement: Refinement = NOTHING_MORE,
) -> dict[str, tuple[FittedPart, dict[str, Any]]]:
    """Fit all parts of a release.

    Args:
        folder: Contains `electrodes.jsonl.gz`.
        potential: For uncorrected voltages; None takes those of the network, from unrelaxed ends.
        network: For properties of both ends.
        cache: Folder for evaluated crystals.
        settings: Of the fit.
        refinement: What is done beyond the steps of all, for a better release.

    Returns:
        Name -> part and its report.

    Raises:
        RequestError: The table cannot be read, or there are too few electrodes.
    """
    examples = electrode_examples(folder, settings.excluded)
    metals = None if potential is None else metal_energies(refinement.single_point or potential, CHARGES)
    known = {} if metals is None else {symbol: float(metals[ATOMIC_NUMBERS[symbol]]) for symbol in CHARGES}
    parts = {}
    for given, targets in TARGETS_OF.items():
        rows, couples = _as_given(given, examples, settings)
        if potential is None:
            ends = network_ends(partial(network_properties, network), couples)
        else:
            ends = cached_ends(cache, potential, network, couples, given, refinement)
        inputs = VoltageInputs.of(couples, ends, metals)
        own, hull = examples.take(rows), None
        if potential is None and given == "discharged":  # what a frame gains by relaxing, for the stability of that end
            hull, targets = network_properties(network, own.couples.charged)[:, HULL_COLUMN], (*targets, HULL)
        situation = _Situation(given, own, inputs, hull)
        for target in targets:
            parts[part_name(target, given)] = _fit(situation, target, settings, known)
    return parts


def _as_given(
    given: str, examples: ElectrodeExamples, settings: VoltageFitSettings
) -> tuple[NDArray[np.int64], Couples]:
    """Rows, and their electrodes; an end that is not given is derived from the other one."""
    rows, balance = np.arange(len(examples)), balance_of(examples.couples)
    if given == "pair":
        return rows, examples.couples
    small = np.ones(len(rows), dtype=bool)
    if settings.most_atoms is not None:
        small = examples.couples.discharged.n_atoms <= settings.most_atoms
    if given == "discharged":
        rows = rows[small]
        own = examples.couples.take(rows)
        return rows, topotactic(own, balance_of(own))
    drawn = np.random.default_rng(settings.seed).permutation(rows)[: settings.most_hosts]
    return filled(examples.couples, balance, np.sort(drawn[small[drawn]]))


def topotactic(couples: Couples, balance: Balance) -> Couples:
    """The same discharged ends, with charged ends of the same ion content made by taking ions out."""
    left = np.rint(balance.ions_charged * balance.frame.sum(axis=1)).astype(np.int64)
    charged: PackedCrystals = without_ions(couples.discharged, couples.ions, left)
    return Couples(couples.discharged, charged, couples.ions, couples.charges)


def filled(couples: Couples, balance: Balance, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], Couples]:
    """The same charged ends, with discharged ends of the same ion content made by filling voids.

    Returns:
        The rows whose voids have enough room, and their electrodes.
    """
    wanted = balance.moved * balance.frame_charged.sum(axis=1)
    crystals, kept = [], []
    for row in rows.tolist():
        ion, atoms = SYMBOLS[int(couples.ions[row])], couples.charged.atoms(row)
        n = round(float(wanted[row]))
        if ion not in ION_CHARGES or abs(n - wanted[row]) > _WHOLE or n < 1:
            continue
        host = Crystal("", couples.charged.lattice[row], couples.charged.numbers[atoms], couples.charged.frac[atoms])
        found = fill(host, ion, n)
        if found is not None and found.added == n and not found.relocated:
            crystals.append(found.crystal)
            kept.append(row)
    own = couples.take(np.array(kept, dtype=np.int64))
    return np.array(kept, dtype=np.int64), Couples(pack(crystals), own.charged, own.ions, own.charges)


def _trust(difference: Floats) -> Floats:
    """Weights of rows, (R,): small for those far off, whose calculation often ended in another magnetic state."""
    middle = np.nanmedian(difference)
    scale = _FAR_OFF * np.nanmedian(np.abs(difference - middle))
    return np.asarray(np.nan_to_num(1.0 / (1.0 + ((difference - middle) / max(scale, _WHOLE)) ** 2)))


def _fit(
    situation: _Situation, target: str, settings: VoltageFitSettings, metals: dict[str, float]
) -> tuple[FittedPart, dict[str, Any]]:
    examples, inputs = situation.examples, situation.inputs
    split = np.array(splits_of(examples.systems.tolist(), settings.salt))
    start, truth = inputs.start[target], situation.truth(target)
    usable = np.isfinite(truth) & np.isfinite(start)
    rows = Rows(inputs.features.astype(np.float32), truth - start, _trust(truth - start), examples.systems)
    learn, test = np.flatnonzero(usable & (split != "test")), np.flatnonzero(usable & (split == "test"))
    if len(learn) < _FEWEST:
        raise RequestError(f"voltages: {len(learn)} electrodes to learn from; expected at least {_FEWEST}")
    seeds = [settings.seed + i for i in range(settings.n_seeds)]
    fits = [Correction(target, fit_cross_interval_forest(rows.take(learn), settings.forest, seed)[0]) for seed in seeds]
    report: dict[str, Any] = {
        "rows": {str(name): int((usable & (split == name)).sum()) for name in np.unique(split)},
        "dropped": examples.dropped,
        "seeds": seeds,
        "scores": {},
    }
    if len(test):
        predicted = [fit.predict(inputs)[test] for fit in fits]
        couples, balance = examples.couples, situation.balance
        report["scores"] = scores_by_group(couples, balance, truth, start, predicted, learn, test, settings.salt)
    return fits[0].to_part(metals), report
