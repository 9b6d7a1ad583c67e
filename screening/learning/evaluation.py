"""How good a model is: errors and coverage by target on crystals it never saw, baselines beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from screening.data.store import Store
from screening.learning.calibration import nontrivial


@dataclass(frozen=True)
class Scores:
    """Errors of one target on one set of rows, in the unit of the target.

    coverage: share of labels inside the 80 % interval; width: its mean full width.
    """

    target: str
    rows: str
    n: int
    mae: float
    rmse: float
    r2: float
    coverage: float
    width: float
    mae_constant: float
    mae_composition: float


def score_targets(
    targets: Sequence[str],
    labels: NDArray[np.float64],
    values: NDArray[np.float64],
    half_widths: NDArray[np.float64],
    constant: NDArray[np.float64],
    composition: NDArray[np.float64],
) -> list[Scores]:
    """Scores of every target over all labelled rows, and over the non-trivial ones where that differs.

    labels, values, half_widths, composition: (B, T); constant: (T,) best constant prediction of the training split.
    """
    scores = []
    for i, target in enumerate(targets):
        known = np.isfinite(labels[:, i])
        chosen = {"all": known, "non-trivial": nontrivial(target, labels[:, i])}
        for name, rows in chosen.items():
            if not rows.any() or (name != "all" and rows.sum() == known.sum()):
                continue
            label, value, half = labels[rows, i], values[rows, i], half_widths[rows, i]
            error = value - label
            spread = float(((label - label.mean()) ** 2).sum())
            scores.append(
                Scores(
                    target,
                    name,
                    int(rows.sum()),
                    float(np.abs(error).mean()),
                    float(np.sqrt((error**2).mean())),
                    1.0 - float((error**2).sum()) / spread if spread > 0 else float("nan"),
                    float((np.abs(error) <= half).mean()),
                    float(2 * half.mean()),
                    float(np.abs(constant[i] - label).mean()),
                    float(np.abs(composition[rows, i] - label).mean()),
                )
            )
    return scores


def composition_baseline(
    store: Store, train: NDArray[np.int64], test: NDArray[np.int64], targets: Sequence[str], max_train: int = 20000
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What composition alone tells: (T,) best constants and (B, T) predictions of gradient boosting.

    Features: element fractions. Trained on up to max_train rows.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    features, labels = element_fractions(store, train), store.labels(targets)[train]
    test_features = element_fractions(store, test)
    constant, predicted = [], []
    for i in range(len(targets)):
        rows = np.flatnonzero(np.isfinite(labels[:, i]))
        constant.append(float(np.median(labels[rows, i])) if len(rows) else float("nan"))
        rows = np.random.default_rng(0).permutation(rows)[:max_train]
        if len(rows) < 2:
            predicted.append(np.full(len(test), np.nan))
            continue
        booster = HistGradientBoostingRegressor(loss="absolute_error", max_iter=300, learning_rate=0.1, random_state=0)
        predicted.append(booster.fit(features[rows], labels[rows, i]).predict(test_features))
    return np.array(constant), np.stack(predicted, axis=1)


def element_fractions(store: Store, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """(B, 104) atomic fractions by atomic number."""
    crystals = store.crystals.take(rows)
    owner = np.repeat(np.arange(len(crystals)), crystals.n_atoms)
    counts = np.zeros((len(crystals), 104), dtype=np.float32)
    np.add.at(counts, (owner, np.minimum(crystals.numbers, 103)), 1.0)
    counts /= crystals.n_atoms[:, None]
    return counts


def as_rows(scores: Sequence[Scores]) -> list[dict[str, object]]:
    """Scores as plain rows for a table."""
    return [asdict(score) for score in scores]
