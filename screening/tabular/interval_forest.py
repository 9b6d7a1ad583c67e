"""A forest of values with a forest of errors: predictions from few data, with intervals that say how few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.errors import RequestError
from screening.tabular.kernel_ridge import KernelRidge, KernelSettings, fit_kernel
from screening.tabular.quantiles import conformal_quantile
from screening.tabular.release import FittedPart
from screening.tabular.tree_ensemble import TreeEnsemble, from_forest, stacked

_FOLDS = 5
_LEAST_ERROR = 1e-6


@dataclass(frozen=True)
class ForestSettings:
    """How the forests are grown.

    Attributes:
        n_trees: Trees in each forest of values.
        least_rows: Fewest rows in a leaf.
        tried: Share of the features that a split chooses from.
        powers: One forest for each, of the target to that power; the value is the mean of their roots. A mean over a
            leaf of high powers is nearer to its large values, of low ones to its small.
        error_trees, error_least_rows, error_deepest: The same of the forest of errors.
        deepest: Most steps from the root to a leaf.
        kernel: A kernel regression of each power beside the forests, with the same weight in the mean.
    """

    n_trees: int
    least_rows: int
    tried: float
    powers: tuple[float, ...] = (1.0,)
    error_trees: int = 20
    error_least_rows: int = 25
    error_deepest: int = 8
    deepest: int | None = None
    kernel: KernelSettings | None = None


@dataclass(frozen=True)
class IntervalForest:
    """Fitted forests with one output each.

    Attributes:
        values: A forest of each of `powers` of the value.
        powers: Exponents, above zero.
        error: A forest of the expected error.
        factor: Half-width of the interval over the expected error, which gives the coverage wanted.
        kernel: A kernel regression with an output for each power.
    """

    values: tuple[TreeEnsemble, ...]
    powers: tuple[float, ...]
    error: TreeEnsemble
    factor: float
    kernel: KernelRidge | None = None

    @cached_property
    def _together(self) -> TreeEnsemble:
        return stacked((self.error, *self.values))

    def predict(self, features: Floats) -> tuple[Floats, Floats]:
        """Value and half-width of the 80 % interval, (B,) each, of features (B, F)."""
        given = self._together.predict(features)
        values = given[:, 1:] if self.kernel is None else np.hstack([given[:, 1:], self.kernel.predict(features)])
        return _combined(values, self.powers), self.factor * np.maximum(given[:, 0], _LEAST_ERROR)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What a release keeps."""
        kept = self.error.tensors("error") | {"factor": np.array([self.factor]), "powers": np.array(self.powers)}
        for index, forest in enumerate(self.values):
            kept |= forest.tensors(f"value{index}")
        return kept if self.kernel is None else kept | self.kernel.tensors("kernel")

    @classmethod
    def from_part(cls, part: FittedPart, width: int) -> IntervalForest:
        """What a release kept, for features (B, width); raises RequestError when it is damaged."""
        powers = tuple(float(power) for power in part.tensor("powers", -1))
        if not powers or min(powers) <= 0:
            raise part.problem("expected a forest of values, and powers above zero")
        names = ("error", *(f"value{index}" for index in range(len(powers))))
        error, *values = (TreeEnsemble.from_part(part, name, width) for name in names)
        if any(len(forest.baseline) != 1 for forest in (error, *values)):
            raise part.problem("a forest of values has more than one output")
        kernel = None
        if "kernel.column" in part.tensors:
            kernel = KernelRidge.from_part(part, "kernel", width, len(powers))
        return cls(tuple(values), powers, error, float(part.tensor("factor", 1)[0]), kernel)


@dataclass(frozen=True)
class Rows:
    """What a forest learns from.

    Trees learn from all rows alike; the kernel and the errors in proportion to the weight.

    Attributes:
        features: (R, F).
        target: (R,).
        weight: (R,) not below zero.
        systems: (R,) chemical system of each row.
    """

    features: NDArray[np.float32]
    target: Floats
    weight: Floats
    systems: NDArray[np.str_]

    def take(self, rows: NDArray[Any]) -> Rows:
        """Some of the rows."""
        return Rows(self.features[rows], self.target[rows], self.weight[rows], self.systems[rows])


def fit_interval_forest(
    training: Rows, calibration: Rows, settings: ForestSettings, seed: int
) -> tuple[IntervalForest, Floats]:
    """Values from all training rows, errors from cross-validation by chemical system, the factor from other systems.

    The factor is that of normalised split-conformal prediction (Lei et al., J. Am. Stat. Assoc. 113, 1094 (2018)).

    Returns:
        The forest, and the cross-validated values of the training rows, (R,).

    Raises:
        RequestError: There are too few systems to learn from, or no calibration rows.
    """
    if not len(calibration.target):
        raise RequestError("no measured compound falls in the calibration split; more are needed")
    known = cross_validated(training, settings, seed)
    judge = _judge(training, np.abs(known - training.target), settings, seed)
    forests, kernel = _fitted(training, settings, seed)
    plain = IntervalForest(tuple(map(from_forest, forests)), settings.powers, from_forest(judge), 1.0, kernel)
    value, expected = plain.predict(calibration.features.astype(np.float64))
    ratios = np.abs(value - calibration.target) / expected
    return replace(plain, factor=conformal_quantile(ratios)), known


def fit_cross_interval_forest(rows: Rows, settings: ForestSettings, seed: int) -> tuple[IntervalForest, Floats]:
    """Values and errors from all rows; the factor from rows whose value and expected error saw nothing of their system.

    So all rows both teach and calibrate (cross-conformal prediction: Vovk, Ann. Math. Artif. Intell. 74, 9 (2015)).

    Returns:
        The forest, and the cross-validated values of the rows, (R,).

    Raises:
        RequestError: There is a single chemical system.
    """
    known = cross_validated(rows, settings, seed)
    errors = np.abs(known - rows.target)
    ratios = np.empty(len(errors))
    for training, held_out in folds_by_system(rows.systems):
        judge = _judge(rows.take(training), errors[training], settings, seed)
        ratios[held_out] = errors[held_out] / np.maximum(judge.predict(rows.features[held_out]), _LEAST_ERROR)
    forests, kernel = _fitted(rows, settings, seed)
    judge = _judge(rows, errors, settings, seed)
    values = tuple(map(from_forest, forests))
    return IntervalForest(values, settings.powers, from_forest(judge), conformal_quantile(ratios), kernel), known


def _judge(rows: Rows, errors: Floats, settings: ForestSettings, seed: int) -> Any:
    """A shallow forest of the errors (R,) to expect, from the rows with a weight."""
    from sklearn.ensemble import ExtraTreesRegressor

    own = np.flatnonzero(rows.weight > 0)
    judge = ExtraTreesRegressor(
        n_estimators=settings.error_trees,
        min_samples_leaf=settings.error_least_rows,
        max_depth=settings.error_deepest,
        max_features=settings.tried,
        random_state=seed,
    )
    return judge.fit(rows.features[own], errors[own], sample_weight=rows.weight[own])


def cross_validated(rows: Rows, settings: ForestSettings, seed: int) -> Floats:
    """(R,) the value of each row by forests (and a kernel) that saw nothing of its chemical system."""
    values = np.empty(len(rows.target))
    for training, held_out in folds_by_system(rows.systems):
        forests, kernel = _fitted(rows.take(training), settings, seed)
        features = rows.features[held_out]
        given = np.stack([forest.predict(features) for forest in forests], axis=1)
        if kernel is not None:
            given = np.hstack([given, kernel.predict(features)])
        values[held_out] = _combined(given, settings.powers)
    return values


def folds_by_system(systems: NDArray[np.str_]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows to learn and rows held out, in five folds of whole chemical systems (R,), or fewer if there are fewer.

    Raises RequestError for a single system.
    """
    from sklearn.model_selection import GroupKFold

    folds = min(_FOLDS, len(np.unique(systems)))
    if folds < 2:
        raise RequestError("measurements of at least two chemical systems are needed")
    return list(GroupKFold(folds).split(systems, groups=systems))


def _fitted(rows: Rows, settings: ForestSettings, seed: int) -> tuple[list[Any], KernelRidge | None]:
    """A forest of each power of the target, with a random state of its own, and the kernel."""
    from sklearn.ensemble import ExtraTreesRegressor

    forests = []
    for state, power in zip(
        np.random.SeedSequence(seed).generate_state(len(settings.powers)), settings.powers, strict=True
    ):
        forest = ExtraTreesRegressor(
            n_estimators=settings.n_trees,
            min_samples_leaf=settings.least_rows,
            max_depth=settings.deepest,
            max_features=settings.tried,
            random_state=int(state),
        )
        forests.append(forest.fit(rows.features, rows.target if power == 1 else rows.target**power))
    if settings.kernel is None:
        return forests, None
    targets = np.stack([rows.target**power for power in settings.powers], axis=1)
    return forests, fit_kernel(rows.features, targets, rows.weight, settings.kernel, seed)


def _combined(given: Floats, powers: Sequence[float]) -> Floats:
    """(B,) the mean of values from their powers, (B, P); the powers may repeat."""
    exponents = np.tile([1 / power for power in powers], given.shape[1] // len(powers))
    values = [v if e == 1 else np.maximum(v, 0.0) ** e for v, e in zip(given.T, exponents, strict=True)]
    return np.asarray(np.mean(values, axis=0))
