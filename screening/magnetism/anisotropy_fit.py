"""Fitting the size of K1, and finding out by cross-validation whether its sign can be told (it cannot)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.data.splits import DEFAULT_SALT, splits_of
from screening.errors import RequestError
from screening.magnetism.anisotropy import Anisotropy, anisotropy_features
from screening.magnetism.anisotropy_data import AnisotropyExamples, anisotropy_examples
from screening.magnetism.axes import find_axes
from screening.magnetism.elements import MAGNETIC_METALS, Floats, mask
from screening.magnetism.features import Compositions
from screening.magnetism.intervals import ForestSettings, Rows, cross_validated, fit_interval_forest
from screening.magnetism.release import Part

FOREST = ForestSettings(n_trees=60, least_rows=4, tried=0.4, error_trees=10, error_least_rows=20)


@dataclass(frozen=True)
class AnisotropyFitSettings:
    """forest: sizes; n_seeds: fits that tell the spread, the first is kept."""

    forest: ForestSettings = FOREST
    seed: int = 0
    n_seeds: int = 3
    salt: str = DEFAULT_SALT


def fit_anisotropy_part(folder: Path, settings: AnisotropyFitSettings) -> tuple[Part, dict[str, Any]]:
    """The part that a release keeps and its scores; folder: as in `anisotropy_examples`, whose errors it raises.

    With so few rows half of the calibration's work is done by the validation split: intervals are fixed on both.
    """
    rows, positive, dropped = anisotropy_rows(anisotropy_examples(folder))
    split = np.array(splits_of(rows.systems.tolist(), settings.salt))
    training = rows.take(np.flatnonzero(split == "train"))
    held_out = rows.take(np.flatnonzero(np.isin(split, ("calibration", "validation"))))
    seeds = [settings.seed + i for i in range(settings.n_seeds)]
    fits = [Anisotropy(fit_interval_forest(training, held_out, settings.forest, seed)[0]) for seed in seeds]
    tested = np.flatnonzero(split == "test")
    report: dict[str, Any] = {
        "rows": {name: int((split == name).sum()) for name in np.unique(split)},
        "systems": len(np.unique(rows.systems)),
        "dropped": dropped,
        "seeds": seeds,
        "cross_validation": _cross_validation(rows.take(split != "test"), positive[split != "test"], settings, seeds),
    }
    if len(tested):
        report["test"] = _test_scores(fits, rows.take(tested), float(np.median(training.target)))
    return fits[0].to_part(), report


def anisotropy_rows(examples: AnisotropyExamples) -> tuple[Rows, NDArray[np.bool_], dict[str, int]]:
    """What the forest learns: log10 of |K1| in MJ/m3 of uniaxial crystals with a 3d metal; where K1 is positive; and
    how many were left out, by reason.

    Raises RequestError when none is left.
    """
    axes = find_axes(examples.packed)
    usable = axes.uniaxial & (examples.counts @ mask(MAGNETIC_METALS) > 0)
    if not usable.any():
        raise RequestError("anisotropy: the table holds no uniaxial crystal of a 3d metal with a K1")
    features = anisotropy_features(Compositions.of(examples.counts), axes)[usable].astype(np.float32)
    K1 = examples.K1_MJ_per_m3[usable]
    rows = Rows(features, np.log10(np.abs(K1)), np.ones(len(K1)), examples.systems[usable])
    return rows, K1 > 0, {**examples.dropped, "not uniaxial or without a 3d metal": int((~usable).sum())}


def _cross_validation(
    rows: Rows, positive: NDArray[np.bool_], settings: AnisotropyFitSettings, seeds: list[int]
) -> dict[str, Any]:
    """Error of log10 |K1| and accuracy of the sign, whole systems held out, beside the constant and the majority."""
    errors, accuracies = [], []
    signs = replace(rows, target=positive.astype(np.float64))
    for seed in seeds:
        errors.append(float(np.abs(cross_validated(rows, settings.forest, seed) - rows.target).mean()))
        said = cross_validated(signs, settings.forest, seed) > 0.5
        accuracies.append(float((said == positive).mean()))
    share = float(positive.mean())
    return {
        "n": len(positive),
        "log10_mae": errors,
        "log10_mae_constant": float(np.abs(rows.target - np.median(rows.target)).mean()),
        "sign_accuracy": accuracies,
        "sign_accuracy_majority": max(share, 1 - share),
        "share_positive": share,
    }


def _test_scores(fits: list[Anisotropy], rows: Rows, constant: float) -> dict[str, Any]:
    predicted = [fit.forest.predict(rows.features.astype(np.float64)) for fit in fits]
    value, width = predicted[0]

    def error(values: Floats | float) -> float:
        return float(np.abs(values - rows.target).mean())

    return {
        "n": len(rows.target),
        "log10_mae": [error(values) for values, _ in predicted],
        "log10_mae_constant": error(constant),
        "coverage": float((np.abs(value - rows.target) <= width).mean()),
        "log10_width": float(2 * width.mean()),
    }


def anisotropy_card(report: Mapping[str, Any]) -> str:
    """The section of a model card, from the report of `fit_anisotropy_part`."""
    cv, test = report["cross_validation"], report.get("test")
    rows, dropped = (", ".join(f"{k} {v}" for k, v in report[name].items()) for name in ("rows", "dropped"))
    lines = [
        "## Anisotropy: the size of K1, not its sign",
        "",
        f"NovaMag's calculated K1 of uniaxial crystals with a 3d metal, {report['systems']} systems; rows: {rows}.",
        f"Left out: {dropped}. Intervals were fixed on calibration and validation systems.",
        "",
        f"Cross-validation by chemical system over the {cv['n']} rows that are not test, by seed: error of log10 |K1| "
        f"{_listed(cv['log10_mae'])} (constant {cv['log10_mae_constant']:.2f}); accuracy of the sign "
        f"{_listed(cv['sign_accuracy'])} (majority {cv['sign_accuracy_majority']:.2f}). "
        "A sign that is not told better than by the majority is not given: `easy_axis` is `unknown`.",
    ]
    if test:
        lines += [
            "",
            f"On {test['n']} crystals of test systems: error of log10 |K1| {_listed(test['log10_mae'])} (constant "
            f"{test['log10_mae_constant']:.2f}); the 80 % interval, on average {test['log10_width']:.1f} decades wide, "
            f"covers {100 * test['coverage']:.0f} %. NovaMag treats open 4f shells as core: K1 of rare-earth "
            "magnets is not in reach of this.",
        ]
    return "\n".join(lines) + "\n"


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
