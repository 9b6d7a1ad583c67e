"""Fitting barriers to calculated ones, and how large the errors are in chemical systems that a fit never saw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.materials.electrodes.barriers.barrier_data import BarrierExamples
from screening.materials.electrodes.barriers.barrier_model import BarrierModel, barriers_of
from screening.materials.electrodes.barriers.path_features import path_features
from screening.tabular.fit_settings import ForestFitSettings
from screening.tabular.interval_forest import ForestSettings, Rows, fit_cross_interval_forest
from screening.tabular.kernel_ridge import KernelSettings
from screening.tabular.release import FittedPart

FOREST = ForestSettings(
    n_trees=100, least_rows=1, tried=0.3, powers=(0.5,), error_least_rows=15,
    kernel=KernelSettings(columns=120, length=1.0, noise=0.03),
)  # fmt: skip
"""The root of the barrier is learned: its mean is nearer to the median, and high barriers do not drown low ones."""
ALL_PATHS = "all"
_FOLDS = 5
_FEWEST = 10
Say = Callable[[str], object]


def fit_barrier_part(
    examples: BarrierExamples, settings: ForestFitSettings, progress: Say
) -> tuple[FittedPart, dict[str, Any]]:
    """Fit the model to all examples; its errors are those of fits to four fifths of the chemical systems.

    Returns:
        The model as a part of a release, and a report for the model card.

    Raises:
        RequestError: The examples are of a single chemical system.
    """
    features = path_features(examples.paths).astype(np.float32)
    weight = np.ones(len(examples.paths))
    rows = Rows(features, examples.barrier_eV, weight, examples.systems)
    seeds = [settings.seed + index for index in range(settings.n_seeds)]
    held_out, baselines = [], []
    for seed in seeds:
        predicted, usual = _held_out(rows, [path.ion for path in examples.paths], settings.forest, seed)
        held_out.append(predicted)
        baselines.append(usual)
        progress(
            f"seed {seed}: {float(np.abs(predicted[:, 0] - rows.target).mean()):.3f} eV in unseen chemical systems"
        )
    model = BarrierModel(fit_cross_interval_forest(rows, settings.forest, settings.seed)[0])
    report = {
        "rows": len(rows.target),
        "systems": len(np.unique(rows.systems)),
        "repeated": examples.repeated,
        "dropped": examples.dropped,
        "seeds": seeds,
        "scores": _scores(examples, np.array(held_out), np.array(baselines)),
    }
    return model.to_part(), report


def _held_out(rows: Rows, ions: list[str], forest: ForestSettings, seed: int) -> tuple[Floats, Floats]:
    """Of each row, from fits that saw nothing of its chemical system: (R, 3) value and interval, and (R, 2) baselines.

    The baselines are the median of all rows and of the rows with the same ion.
    """
    names = np.unique(rows.systems)
    fold = dict(zip(names.tolist(), np.random.default_rng(seed).permutation(len(names)) % _FOLDS, strict=True))
    own = np.array([fold[system] for system in rows.systems.tolist()])
    ion = np.array(ions)
    predicted, baselines = np.empty((len(own), 3)), np.empty((len(own), 2))
    for number in np.unique(own):
        learn, test = np.flatnonzero(own != number), np.flatnonzero(own == number)
        found = fit_cross_interval_forest(rows.take(learn), forest, seed)[0]
        predicted[test] = barriers_of(found, rows.features[test].astype(np.float64))
        baselines[test, 0] = np.median(rows.target[learn])
        baselines[test, 1] = _medians(rows.target[learn], ion[learn], ion[test])
    return predicted, baselines


def _medians(target: Floats, known: NDArray[np.str_], wanted: NDArray[np.str_]) -> Floats:
    """The median of the rows with the same ion; of all rows for an ion without any."""
    found = {ion: float(np.median(target[known == ion])) for ion in np.unique(known).tolist()}
    return np.array([found.get(ion, float(np.median(target))) for ion in wanted.tolist()])


def _scores(examples: BarrierExamples, predicted: Floats, baselines: Floats) -> dict[str, Any]:
    """Errors by ion, of predictions (S, R, 3) and baselines (S, R, 2) by S seeds."""
    truth = examples.barrier_eV
    ions = np.array([path.ion for path in examples.paths])
    groups = {ALL_PATHS: np.ones(len(truth), dtype=bool)}
    groups |= {ion: ions == ion for ion in np.unique(ions).tolist() if (ions == ion).sum() >= _FEWEST}
    inside = (predicted[..., 1] <= truth) & (truth <= predicted[..., 2])
    width = predicted[..., 2] - predicted[..., 1]
    error = predicted[..., 0] - truth
    usual = np.abs(baselines - truth[None, :, None])
    return {
        name: {
            "n": int(group.sum()),
            "maes": [float(value) for value in np.abs(error[:, group]).mean(axis=1)],
            "median_error": float(np.median(np.abs(error[:, group]))),
            "bias": float(error[:, group].mean()),
            "constant": float(usual[:, group, 0].mean()),
            "ion_median": float(usual[:, group, 1].mean()),
            "coverage": float(inside[:, group].mean()),
            "width": float(width[:, group].mean()),
        }
        for name, group in groups.items()
    }
