"""A forest of values with a forest of errors: predictions from few data, with intervals that say how few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.errors import RequestError
from screening.magnetism.elements import Floats
from screening.magnetism.release import Part
from screening.magnetism.trees import TreeEnsemble, from_forest, stacked

_FOLDS = 5
_LEAST_ERROR = 1e-6


@dataclass(frozen=True)
class ForestSettings:
    """n_trees of each forest of values; least_rows in its leaves; tried: share of the features a split chooses from.

    powers: one forest for each, of the target to that power; values are the mean of what they give back. A mean over
    a leaf of high powers is nearer to its large values, of low ones to its small.
    """

    n_trees: int
    least_rows: int
    tried: float
    powers: tuple[float, ...] = (1.0,)
    error_trees: int = 20
    error_least_rows: int = 25
    error_deepest: int = 8


@dataclass(frozen=True)
class IntervalForest:
    """values: a forest of each of `powers` of the value; error: a forest; all with one output each.

    factor: of the expected error, to reach the coverage wanted.
    """

    values: tuple[TreeEnsemble, ...]
    powers: tuple[float, ...]
    error: TreeEnsemble
    factor: float

    @cached_property
    def _together(self) -> TreeEnsemble:
        return stacked((self.error, *self.values))

    def predict(self, features: Floats) -> tuple[Floats, Floats]:
        """Value and half-width of the 80 % interval, (B,) each, of features (B, F)."""
        given = self._together.predict(features)
        return _combined(list(given[:, 1:].T), self.powers), self.factor * np.maximum(given[:, 0], _LEAST_ERROR)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What a release keeps."""
        kept = self.error.tensors("error") | {"factor": np.array([self.factor]), "powers": np.array(self.powers)}
        for index, forest in enumerate(self.values):
            kept |= forest.tensors(f"value{index}")
        return kept

    @classmethod
    def from_part(cls, part: Part, width: int) -> IntervalForest:
        """What a release kept, for features (B, width); raises RequestError when it is damaged."""
        powers = tuple(float(power) for power in part.tensor("powers", -1))
        if not powers or min(powers) <= 0:
            raise RequestError("magnetism: expected a forest of values, and powers above zero")
        names = ("error", *(f"value{index}" for index in range(len(powers))))
        error, *values = (TreeEnsemble.from_tensors(part.tensors, name, width) for name in names)
        if any(len(forest.baseline) != 1 for forest in (error, *values)):
            raise RequestError("magnetism: a forest of values has more than one output")
        return cls(tuple(values), powers, error, float(part.tensor("factor", 1)[0]))


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
    values = tuple(from_forest(forest) for forest in _fitted(training, settings, seed))
    judge = ExtraTreesRegressor(
        n_estimators=settings.error_trees,
        min_samples_leaf=settings.error_least_rows,
        max_depth=settings.error_deepest,
        max_features=settings.tried,
        random_state=seed,
    )
    judge.fit(training.features, errors, sample_weight=training.weight)
    plain = IntervalForest(values, settings.powers, from_forest(judge), 1.0)
    value, expected = plain.predict(calibration.features.astype(np.float64))
    ratios = np.abs(value - calibration.target) / expected
    return replace(plain, factor=conformal_quantile(ratios))


def cross_validated(rows: Rows, settings: ForestSettings, seed: int) -> Floats:
    """(R,) the value of each row by forests that saw nothing of its chemical system."""
    from sklearn.model_selection import GroupKFold

    folds = min(_FOLDS, len(np.unique(rows.systems)))
    if folds < 2:
        raise RequestError("magnetism: measurements of at least two chemical systems are needed")
    values = np.empty(len(rows.target))
    for training, held_out in GroupKFold(folds).split(rows.features, groups=rows.systems):
        forests = _fitted(rows.take(training), settings, seed)
        values[held_out] = _combined([f.predict(rows.features[held_out]) for f in forests], settings.powers)
    return values


def _fitted(rows: Rows, settings: ForestSettings, seed: int) -> list[Any]:
    """A forest of each power of the target, with a random state of its own."""
    from sklearn.ensemble import ExtraTreesRegressor

    forests = []
    for state, power in zip(
        np.random.SeedSequence(seed).generate_state(len(settings.powers)), settings.powers, strict=True
    ):
        forest = ExtraTreesRegressor(
            n_estimators=settings.n_trees,
            min_samples_leaf=settings.least_rows,
            max_features=settings.tried,
            random_state=int(state),
        )
        target = rows.target if power == 1 else rows.target**power
        forests.append(forest.fit(rows.features, target, sample_weight=rows.weight))
    return forests


def _combined(given: Sequence[Floats], powers: Sequence[float]) -> Floats:
    """(B,) the mean of values from their powers, (B,) each."""
    values = [v if power == 1 else np.maximum(v, 0.0) ** (1 / power) for v, power in zip(given, powers, strict=True)]
    return np.asarray(np.mean(values, axis=0))
