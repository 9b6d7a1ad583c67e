"""Fitting Curie temperatures on training and validation systems, intervals on others, scored on test systems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.data.splits import splits_of
from screening.data.store import Store
from screening.errors import RequestError
from screening.materials.magnets.curie.curie import CurieModel
from screening.materials.magnets.curie.curie_classes import curie_classes
from screening.materials.magnets.curie.curie_data import CurieExamples, curie_examples
from screening.materials.magnets.curie.curie_features import curie_features
from screening.tabular.composition_features import Compositions, composition_features
from screening.tabular.fit_settings import ForestFitSettings
from screening.tabular.interval_forest import ForestSettings, Rows, fit_interval_forest, folds_by_system
from screening.tabular.kernel_ridge import KernelSettings
from screening.tabular.release import FittedPart

HOT_K = 300.0
"""Magnets work above this temperature."""
_LEARN = ("train", "validation")
_BASELINE_TREES = 100
FOREST = ForestSettings(
    n_trees=10, least_rows=2, tried=0.8, powers=(1.0, 2.0, 2.0), deepest=32, kernel=KernelSettings()
)


def fit_curie_part(
    store: Store, folder: Path, settings: ForestFitSettings, excluded: Sequence[str] = ()
) -> tuple[FittedPart, dict[str, Any]]:
    """Fit the part of a release.

    Args:
        store: Shows which test compositions have a crystal.
        folder: As for `curie_examples`.
        settings: Of the fit.
        excluded: Formulas of compounds to learn nothing from.

    Returns:
        The part, and its errors on the test systems (`curie_report`).

    Raises:
        RequestError: A table is missing or cannot be read, or there are too few rows.
    """
    examples = curie_examples(folder, excluded)
    fits, known = zip(*(fit_curie(examples, settings, settings.seed + i) for i in range(settings.n_seeds)), strict=True)
    report = curie_report(fits, examples, settings, _has_crystal(examples, store))
    report["cross_validation"] = _cross_validation(known, examples, settings)
    return fits[0].to_part(), report


def fit_curie(examples: CurieExamples, settings: ForestFitSettings, seed: int) -> tuple[CurieModel, Floats]:
    """Fit one model.

    Returns:
        The model, and the cross-validated temperature in K of each row that it learned from.

    Raises:
        RequestError: There are too few examples.
    """
    split = np.array(splits_of(examples.systems.tolist(), settings.salt))
    features = curie_features(Compositions.of(examples.counts)).astype(np.float32)
    rows = Rows(features, np.sqrt(examples.temperature_K), examples.weight, examples.systems)
    learn = np.flatnonzero(np.isin(split, _LEARN))
    # intervals describe the errors of values as clean as the hand-collected ones
    calibrate = np.flatnonzero((split == "calibration") & examples.literature)
    if not len(learn):
        raise RequestError("Curie temperatures: no measured compound is in the training split; add more compounds")
    forest, known = fit_interval_forest(rows.take(learn), rows.take(calibrate), settings.forest, seed)
    return CurieModel(forest), np.maximum(known, 0.0) ** 2


def curie_report(
    fits: Sequence[CurieModel],
    examples: CurieExamples,
    settings: ForestFitSettings,
    has_crystal: NDArray[np.bool_],
) -> dict[str, Any]:
    """Errors in K and coverage on the literature compositions of test systems, with baselines on the same rows.

    The baselines are the median of the training rows in the literature table, and extra trees on general composition
    features with equal weight for all training rows. `maes` are those of the fits, which differ only in their seed.
    """
    split = np.array(splits_of(examples.systems.tolist(), settings.salt))
    rows = np.flatnonzero((split == "test") & examples.literature)
    learn = np.flatnonzero(np.isin(split, _LEARN))
    report: dict[str, Any] = {
        "rows": {name: int((split == name).sum()) for name in np.unique(split)},
        "literature_rows": {name: int(((split == name) & examples.literature).sum()) for name in np.unique(split)},
        "dropped": examples.dropped,
        "seeds": [settings.seed + i for i in range(len(fits))],
        "scores": {},
    }
    if not len(rows):
        return report
    truth = examples.temperature_K[rows]
    predicted = [fit.predict(examples.counts[rows]) for fit in fits]
    constant = np.full(len(rows), np.median(examples.temperature_K[learn[examples.literature[learn]]]))
    trees = _composition_baseline(examples, learn, rows, settings.seed)
    groups = {"all": np.ones(len(rows), bool), "above 300 K": truth > HOT_K, "with a crystal": has_crystal[rows]}
    groups |= curie_classes(examples.counts[rows])
    for name, group in groups.items():
        if group.any():
            scores = _scores([p[group] for p in predicted], truth[group])
            errors = {"constant": constant, "composition_trees": trees}
            scores |= {key: float(np.abs(v - truth)[group].mean()) for key, v in errors.items()}
            report["scores"][name] = scores
    return report


def _cross_validation(known: Sequence[Floats], examples: CurieExamples, settings: ForestFitSettings) -> dict[str, Any]:
    """Errors in K on the literature compositions of the learned systems, held out in turn; known: from `fit_curie`."""
    split = np.array(splits_of(examples.systems.tolist(), settings.salt))
    learn = np.flatnonzero(np.isin(split, _LEARN))
    trees = np.empty(len(learn))
    for training, held_out in folds_by_system(examples.systems[learn]):
        trees[held_out] = _composition_baseline(examples, learn[training], learn[held_out], settings.seed)
    truth, literature = examples.temperature_K[learn], examples.literature[learn]
    groups = {"all": literature, "above 300 K": literature & (truth > HOT_K)}
    return {
        name: {
            "n": int(group.sum()),
            "maes": [float(np.abs(k - truth)[group].mean()) for k in known],
            "composition_trees": float(np.abs(trees - truth)[group].mean()),
        }
        for name, group in groups.items()
        if group.any()
    }


def _scores(predicted: list[Floats], truth: Floats) -> dict[str, Any]:
    errors = [np.abs(p[:, 0] - truth) for p in predicted]
    inside = (predicted[0][:, 1] <= truth) & (truth <= predicted[0][:, 2])
    return {
        "n": len(truth),
        "mae": float(errors[0].mean()),
        "bias": float((predicted[0][:, 0] - truth).mean()),
        "maes": [float(e.mean()) for e in errors],
        "median_error": float(np.median(errors[0])),
        "coverage": float(inside.mean()),
        "width": float((predicted[0][:, 2] - predicted[0][:, 1]).mean()),
    }


def _composition_baseline(examples: CurieExamples, learn: NDArray[Any], rows: NDArray[Any], seed: int) -> Floats:
    from sklearn.ensemble import ExtraTreesRegressor

    features = np.nan_to_num(composition_features(examples.counts), nan=-1.0).astype(np.float32)
    forest = ExtraTreesRegressor(n_estimators=_BASELINE_TREES, max_features=0.3, random_state=seed)
    forest.fit(features[learn], examples.temperature_K[learn])
    return np.asarray(forest.predict(features[rows]), dtype=np.float64)


def _has_crystal(examples: CurieExamples, store: Store) -> NDArray[np.bool_]:
    known = {row.tobytes() for row in _rounded(store.crystals.element_counts())}
    return np.array([row.tobytes() in known for row in _rounded(examples.counts)])


def _rounded(counts: Floats) -> NDArray[np.float32]:
    fractions: Floats = counts / counts.sum(axis=1, keepdims=True)
    return np.round(fractions, 3).astype(np.float32)
