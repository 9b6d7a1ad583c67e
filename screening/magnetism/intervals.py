"""A forest of values with a forest of errors: predictions from few data, with intervals that say how few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.errors import RequestError
from screening.magnetism.elements import Floats
from screening.magnetism.release import Part
from screening.magnetism.trees import TreeEnsemble, from_forest

_FOLDS = 5
_LEAST_ERROR = 1e-6


@dataclass(frozen=True)
class ForestSettings:
    """n_trees of the forest of values; least_rows in its leaves; tried: share of the features a split chooses from."""

    n_trees: int
    least_rows: int
    tried: float
    error_trees: int = 20
    error_least_rows: int = 25
    error_deepest: int = 8


@dataclass(frozen=True)
class IntervalForest:
    """value and error forests (one output each); factor: of the expected error, to reach the coverage wanted."""

    value: TreeEnsemble
    error: TreeEnsemble
    factor: float

    def predict(self, features: Floats) -> tuple[Floats, Floats]:
        """Value and half-width of the 80 % interval, (B,) each, of features (B, F)."""
        expected = np.maximum(self.error.predict(features)[:, 0], _LEAST_ERROR)
        return self.value.predict(features)[:, 0], self.factor * expected

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What a release keeps."""
        return self.value.tensors("value") | self.error.tensors("error") | {"factor": np.array([self.factor])}

    @classmethod
    def from_part(cls, part: Part, width: int) -> IntervalForest:
        """What a release kept, for features (B, width); raises RequestError when it is damaged."""
        value, error = (TreeEnsemble.from_tensors(part.tensors, name, width) for name in ("value", "error"))
        if len(value.baseline) != 1 or len(error.baseline) != 1:
            raise RequestError("magnetism: a forest of values has more than one output")
        return cls(value, error, float(part.tensor("factor", 1)[0]))


@dataclass(frozen=True)
class Rows:
    """What a forest learns: features (R, F), target (R,), weight (R,), chemical system (R,)."""

    features: NDArray[np.float32]
    target: Floats
    weight: Floats
    systems: NDArray[np.str_]

    def take(self, rows: NDArray[Any]) -> Rows:
        """Some of the rows."""
        return Rows(self.features[rows], self.target[rows], self.weight[rows], self.systems[rows])


def fit_interval_forest(training: Rows, calibration: Rows, settings: ForestSettings, seed: int) -> IntervalForest:
    """Values from all training rows, errors from cross-validation by chemical system, the factor from other systems.

    The factor is that of normalised split-conformal prediction (Lei et al., J. Am. Stat. Assoc. 113, 1094 (2018)).
    Raises RequestError when there are too few systems to learn from, or no calibration rows.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    from screening.learning.calibration import conformal_quantile

    if not len(calibration.target):
        raise RequestError("magnetism: no measured compound falls in the calibration split; more are needed")
    errors = np.abs(cross_validated(training, settings, seed) - training.target)
    value = from_forest(_fitted(training, settings, seed))
    judge = ExtraTreesRegressor(
        n_estimators=settings.error_trees,
        min_samples_leaf=settings.error_least_rows,
        max_depth=settings.error_deepest,
        max_features=settings.tried,
        random_state=seed,
    )
    judge.fit(training.features, errors, sample_weight=training.weight)
    plain = IntervalForest(value, from_forest(judge), 1.0)
    values, expected = plain.predict(calibration.features.astype(np.float64))
    ratios = np.abs(values - calibration.target) / expected
    return IntervalForest(plain.value, plain.error, conformal_quantile(ratios))


def cross_validated(rows: Rows, settings: ForestSettings, seed: int) -> Floats:
    """(R,) the value of each row by forests that saw nothing of its chemical system."""
    from sklearn.model_selection import GroupKFold

    folds = min(_FOLDS, len(np.unique(rows.systems)))
    if folds < 2:
        raise RequestError("magnetism: measurements of at least two chemical systems are needed")
    values = np.empty(len(rows.target))
    for training, held_out in GroupKFold(folds).split(rows.features, groups=rows.systems):
        values[held_out] = _fitted(rows.take(training), settings, seed).predict(rows.features[held_out])
    return values


def _fitted(rows: Rows, settings: ForestSettings, seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    forest = ExtraTreesRegressor(
        n_estimators=settings.n_trees,
        min_samples_leaf=settings.least_rows,
        max_features=settings.tried,
        random_state=seed,
    )
    return forest.fit(rows.features, rows.target, sample_weight=rows.weight)
