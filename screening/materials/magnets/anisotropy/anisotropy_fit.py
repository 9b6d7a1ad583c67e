"""Fitting the size of K1, and scoring its sign and the rule for 4f shells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.elements import indicator
from screening.data.splits import splits_of
from screening.errors import RequestError
from screening.materials.magnets.anisotropy.anisotropy import METAL, OTHER, AnisotropyModel, anisotropy_features
from screening.materials.magnets.anisotropy.anisotropy_data import AnisotropyExamples, anisotropy_examples
from screening.materials.magnets.anisotropy.axes import find_axes
from screening.materials.magnets.anisotropy.directions import four_f_scores, host_directions, read_directions
from screening.materials.magnets.carriers import MAGNETIC_METALS
from screening.tabular.composition_features import Compositions
from screening.tabular.fit_settings import ForestFitSettings
from screening.tabular.interval_forest import ForestSettings, Rows, cross_validated, fit_interval_forest
from screening.tabular.release import FittedPart

FOREST = ForestSettings(n_trees=60, least_rows=4, tried=0.4, error_trees=10, error_least_rows=20)


def fit_anisotropy_part(
    folder: Path, settings: ForestFitSettings, excluded: Sequence[str] = ()
) -> tuple[FittedPart, dict[str, Any]]:
    """Fit the part of a release.

    Rows are few, so both the calibration and the validation split set the intervals.

    Args:
        folder: Contains `novamag/novamag.jsonl.gz` and `magndata/magndata.jsonl.gz`.
        settings: Of the fit.
        excluded: Formulas of compounds whose measured directions are left out.

    Returns:
        The part, and its scores.

    Raises:
        RequestError: A file is missing or cannot be read, or has no suitable crystal.
    """
    rows, positive, dropped = anisotropy_rows(anisotropy_examples(folder / "novamag"))
    directions = read_directions(folder / "magndata" / "magndata.jsonl.gz", excluded)
    measured = host_directions(directions)
    shares = axial_shares(rows, positive, measured)
    split = np.array(splits_of(rows.systems.tolist(), settings.salt))
    training = rows.take(np.flatnonzero(split == "train"))
    held_out = rows.take(np.flatnonzero(np.isin(split, ("calibration", "validation"))))
    seeds = [settings.seed + i for i in range(settings.n_seeds)]
    fits = [
        AnisotropyModel(fit_interval_forest(training, held_out, settings.forest, seed)[0], shares) for seed in seeds
    ]
    tested = np.flatnonzero(split == "test")
    report: dict[str, Any] = {
        "rows": {name: int((split == name).sum()) for name in np.unique(split)},
        "systems": len(np.unique(rows.systems)),
        "dropped": dropped,
        "seeds": seeds,
        "axial_share": shares,
        "directions": {"host": measured, "four_f": four_f_scores(directions)},
        "cross_validation": _cross_validation(rows.take(split != "test"), positive[split != "test"], settings, seeds),
    }
    if len(tested):
        report["test"] = _test_scores(fits, rows.take(tested), float(np.median(training.target)))
    return fits[0].to_part(), report


def anisotropy_rows(examples: AnisotropyExamples) -> tuple[Rows, NDArray[np.bool_], dict[str, int]]:
    """The rows that the forest learns from: log10 of |K1| in MJ/m³ of uniaxial crystals with a 3d metal.

    Returns:
        The rows, where K1 is positive, and the number of crystals left out, by reason.

    Raises:
        RequestError: There is no such crystal.
    """
    axes = find_axes(examples.packed)
    usable = axes.uniaxial & (examples.counts @ indicator(MAGNETIC_METALS) > 0)
    if not usable.any():
        raise RequestError("anisotropy: the table has no uniaxial crystal of a 3d metal with a K1")
    features = anisotropy_features(Compositions.of(examples.counts), axes)[usable].astype(np.float32)
    K1 = examples.K1_MJ_per_m3[usable]
    rows = Rows(features, np.log10(np.abs(K1)), np.ones(len(K1)), examples.systems[usable])
    return rows, K1 > 0, {**examples.dropped, "not uniaxial or without a 3d metal": int((~usable).sum())}


def axial_shares(
    rows: Rows, positive: NDArray[np.bool_], measured: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """Base rates of an easy axis by Laplace's rule, from calculations and measurements.

    Args:
        rows: Calculated metals; each chemical system has one vote.
        positive: Where their K1 is positive.
        measured: Votes of measured compositions, from `host_directions`.
    """
    _, system, members = np.unique(rows.systems, return_inverse=True, return_counts=True)
    calculated = {
        METAL: (float((positive / members[system]).sum()), len(members)),
        OTHER: (0.0, 0),
    }
    shares = {}
    for kind, (axial, n) in calculated.items():
        axis, plane = measured[kind]["axis"], measured[kind]["plane"]
        shares[kind] = (axial + axis + 1) / (n + axis + plane + 2)
    return shares


def _cross_validation(
    rows: Rows, positive: NDArray[np.bool_], settings: ForestFitSettings, seeds: list[int]
) -> dict[str, Any]:
    """Error of log10 |K1| and accuracy of the sign on held-out systems, with those of a constant and the majority."""
    errors, accuracies = [], []
    signs = replace(rows, target=positive.astype(np.float64))
    for seed in seeds:
        errors.append(float(np.abs(cross_validated(rows, settings.forest, seed) - rows.target).mean()))
        predicted = cross_validated(signs, settings.forest, seed) > 0.5
        accuracies.append(float((predicted == positive).mean()))
    share = float(positive.mean())
    return {
        "n": len(positive),
        "log10_mae": errors,
        "log10_mae_constant": float(np.abs(rows.target - np.median(rows.target)).mean()),
        "sign_accuracy": accuracies,
        "sign_accuracy_majority": max(share, 1 - share),
        "share_positive": share,
    }


def _test_scores(fits: list[AnisotropyModel], rows: Rows, constant: float) -> dict[str, Any]:
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
