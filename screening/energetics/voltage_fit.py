"""Fitting what voltages and volume changes lack: on training systems; intervals on others; measured on test systems."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.crystals.composition import Floats
from screening.crystals.elements import ATOMIC_NUMBERS
from screening.crystals.packed import PackedCrystals
from screening.data.splits import DEFAULT_SALT, splits_of
from screening.energetics.couples import Balance, Couples, balance_of, without_ions
from screening.energetics.potentials import Potential
from screening.energetics.voltage_cache import kept_ends
from screening.energetics.voltage_data import ElectrodeExamples, electrode_examples
from screening.energetics.voltage_ends import metal_energies
from screening.energetics.voltage_model import VOLTAGE, VOLUME, Correction, Described, part_name
from screening.energetics.voltage_scores import scores
from screening.energetics.working_ions import CHARGES
from screening.errors import RequestError
from screening.magnetism.intervals import ForestSettings, Rows, fit_interval_forest
from screening.magnetism.kernel import KernelSettings
from screening.magnetism.release import Part
from screening.networks.predictor import Predictor

LARGEST_VOLUME_CHANGE = 0.5
"""Ends that differ by more are no longer one frame."""
FOREST = ForestSettings(n_trees=40, least_rows=1, tried=0.5, kernel=KernelSettings())
_LEARN, _CALIBRATE = ("train",), ("validation", "calibration")


@dataclass(frozen=True)
class VoltageFitSettings:
    """forest: sizes. n_seeds: fits that tell the spread; the first is kept."""

    forest: ForestSettings = FOREST
    seed: int = 0
    n_seeds: int = 3
    salt: str = DEFAULT_SALT


@dataclass(frozen=True)
class _Task:
    """What one part learns: rows described, truth (R,), which rows count (R,)."""

    given: str
    target: str
    described: Described
    truth: Floats
    usable: NDArray[np.bool_]


def fit_voltage_parts(
    folder: Path, potential: Potential, network: Predictor, cache: Path, settings: VoltageFitSettings
) -> dict[str, tuple[Part, dict[str, Any]]]:
    """Part and report by name; folder: with `electrodes.jsonl.gz`; cache: where evaluated crystals are kept.

    Raises RequestError on a bad table or too few electrodes.
    """
    examples = electrode_examples(folder)
    metals = metal_energies(potential, CHARGES)
    known = {symbol: float(metals[ATOMIC_NUMBERS[symbol]]) for symbol in CHARGES}
    couples, balance = examples.couples, balance_of(examples.couples)
    pair = Described.of(couples, kept_ends(cache, potential, network, couples, "pair"), metals, balance)
    derived = topotactic(couples, balance)
    ends = kept_ends(cache, potential, network, derived, "discharged")
    discharged = Described.of(derived, ends, metals)
    change, all_rows = balance.volume_change, np.ones(len(examples), dtype=bool)
    tasks = (
        _Task("pair", VOLTAGE, pair, examples.voltage_V, all_rows),
        _Task("discharged", VOLTAGE, discharged, examples.voltage_V, all_rows),
        _Task("discharged", VOLUME, discharged, 100 * change, np.abs(change) <= LARGEST_VOLUME_CHANGE),
    )
    return {part_name(task.target, task.given): _fit(task, examples, balance, settings, known) for task in tasks}


def topotactic(couples: Couples, balance: Balance) -> Couples:
    """The same discharged ends with charged ends of as many ions, made by taking the others out."""
    left = np.rint(balance.ions_charged * balance.frame.sum(axis=1)).astype(np.int64)
    charged: PackedCrystals = without_ions(couples.discharged, couples.ions, left)
    return Couples(couples.discharged, charged, couples.ions, couples.charges)


def _fit(
    task: _Task, examples: ElectrodeExamples, balance: Balance, settings: VoltageFitSettings, metals: dict[str, float]
) -> tuple[Part, dict[str, Any]]:
    split = np.array(splits_of(examples.systems.tolist(), settings.salt))
    start = task.described.start[task.target]
    usable = task.usable & np.isfinite(start)
    rows = Rows(
        task.described.features.astype(np.float32), task.truth - start, np.ones(len(examples)), examples.systems
    )
    learn, calibrate = (np.flatnonzero(usable & np.isin(split, names)) for names in (_LEARN, _CALIBRATE))
    if not len(learn) or not len(calibrate):
        raise RequestError(f"voltages: {len(learn)} electrodes to learn from and {len(calibrate)} for the intervals")
    seeds = [settings.seed + i for i in range(settings.n_seeds)]
    fits = [
        Correction(task.target, fit_interval_forest(rows.take(learn), rows.take(calibrate), settings.forest, seed)[0])
        for seed in seeds
    ]
    report: dict[str, Any] = {
        "rows": {name: int((usable & (split == name)).sum()) for name in np.unique(split)},
        "dropped": examples.dropped,
        "seeds": seeds,
        "scores": {},
    }
    test = np.flatnonzero(usable & (split == "test"))
    if len(test):
        predicted = [fit.predict(task.described)[test] for fit in fits]
        report["scores"] = scores(examples.couples, balance, task.truth, start, predicted, learn, test, settings.salt)
    return fits[0].to_part(metals), report
