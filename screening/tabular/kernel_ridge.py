"""Ridge regression with a Laplacian kernel on the descriptors that matter: near compounds, smoothly joined.

Trees cut the descriptors into boxes; a kernel weighs every known compound by its distance. Their errors differ, so
their mean is better than either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.errors import RequestError
from screening.tabular.release import FittedPart

_TENSORS = ("column", "centre", "scale", "farthest", "supports", "coefficients", "mean")
_LARGEST_SUM = np.iinfo(np.int16).max - 100.0  # of places, to add them up in 16 bits; rounding takes some
_FARTHEST = 6.0  # standard deviations; rare elements would be beyond all others else
_LEAST_WEIGHT = 0.1


@dataclass(frozen=True)
class KernelSettings:
    """How the kernel is fitted.

    Attributes:
        columns: How many features are used: the most important ones of a small forest.
        length: Distance over which the kernel falls by e, in standard deviations weighted by importance.
        noise: Added to the diagonal for a row of weight 1.
    """

    columns: int = 64
    length: float = 0.5
    noise: float = 0.02


@dataclass(frozen=True)
class KernelRidge:
    """mean + sum over S supports of coefficients times exp(-fall * sum |a - b|), for P outputs.

    a = (x[column] - centre) * scale in whole steps, no farther than 6 standard deviations from 0.

    Attributes:
        column, centre, scale, farthest: (C,).
        supports: (S, C).
        coefficients: (S, P).
        mean: (P,).
        fall: Per step.
    """

    column: NDArray[np.int64]
    centre: NDArray[np.float32]
    scale: NDArray[np.float32]
    farthest: NDArray[np.float32]
    supports: NDArray[np.int16]
    coefficients: NDArray[np.float32]
    mean: Floats
    fall: float

    def predict(self, features: NDArray[np.floating]) -> Floats:
        """(B, P) of features (B, F)."""
        places, coefficients = self._places(features), self.coefficients.astype(np.float64).T
        result = np.tile(self.mean, (len(features), 1))
        for row, near in enumerate(_kernel_rows(places, self._columns, self.fall)):
            result[row] += coefficients @ near
        return result

    @cached_property
    def _columns(self) -> NDArray[np.int16]:
        return np.ascontiguousarray(self.supports.T)

    def _places(self, features: NDArray[np.floating]) -> NDArray[np.int16]:
        offset = features[:, self.column].astype(np.float32) - self.centre
        return np.asarray(np.rint(np.clip(offset * self.scale, -self.farthest, self.farthest)), dtype=np.int16)

    def tensors(self, prefix: str) -> dict[str, NDArray[Any]]:
        """What to keep, by names that start with the prefix."""
        kept = {f"{prefix}.{name}": getattr(self, name) for name in _TENSORS}
        return kept | {f"{prefix}.fall": np.array([self.fall])}

    @classmethod
    def from_part(cls, part: FittedPart, prefix: str, width: int, outputs: int) -> KernelRidge:
        """What a release kept, for features (B, width); raises RequestError when it is damaged."""
        column = part.tensor(f"{prefix}.column", -1)
        if column.dtype.kind != "i" or np.any((column < 0) | (column >= width)):
            raise part.problem(f"the kernel {prefix!r} is not sound: a column outside")
        supports = part.tensor(f"{prefix}.supports", -1, len(column))
        farthest = part.tensor(f"{prefix}.farthest", len(column))
        if supports.dtype != np.int16 or np.abs(farthest).sum() > _LARGEST_SUM:
            raise part.problem(f"the kernel {prefix!r} is not sound: supports beyond its range")
        return cls(
            column=column,
            centre=part.tensor(f"{prefix}.centre", len(column)),
            scale=part.tensor(f"{prefix}.scale", len(column)),
            farthest=farthest,
            supports=supports,
            coefficients=part.tensor(f"{prefix}.coefficients", len(supports), outputs),
            mean=part.tensor(f"{prefix}.mean", outputs),
            fall=float(part.tensor(f"{prefix}.fall", 1)[0]),
        )


def fit_kernel(
    features: NDArray[np.float32], targets: Floats, weight: Floats, settings: KernelSettings, seed: int
) -> KernelRidge:
    """Supports are the rows of R with a weight above zero; features: (R, F), targets: (R, P), weight: (R,).

    The features that matter are found from all rows. Raises RequestError when no row has a weight.
    """
    own = np.flatnonzero(weight > 0)
    if not len(own):
        raise RequestError("no measurement is clean enough for a kernel to learn from")
    importance = _importance(features, targets[:, 0], seed)
    column = np.sort(np.argsort(-importance, kind="stable")[: settings.columns]).astype(np.int64)
    share = np.sqrt(importance[column])
    share /= float(share.sum()) or 1.0
    steps = _LARGEST_SUM / (_FARTHEST * 1.001)  # in a weighted standard deviation, to fill the numbers there are
    spread = features[:, column].std(axis=0)
    scale = steps * share / np.where(spread > 0, spread, 1.0)
    mean = np.average(targets[own], axis=0, weights=weight[own])
    plain = KernelRidge(
        column,
        features[:, column].mean(axis=0).astype(np.float32),
        scale.astype(np.float32),
        (_FARTHEST * steps * share).astype(np.float32),
        np.zeros((0, len(column)), dtype=np.int16),
        np.zeros((0, targets.shape[1]), dtype=np.float32),
        mean,
        1 / (steps * settings.length),
    )
    supports = plain._places(features[own])
    noise = settings.noise / np.maximum(weight[own], _LEAST_WEIGHT)
    kernel = np.stack(list(_kernel_rows(supports, np.ascontiguousarray(supports.T), plain.fall)))
    coefficients = np.linalg.solve(kernel + np.diag(noise), targets[own] - mean)
    return replace(plain, supports=supports, coefficients=coefficients.astype(np.float32))


def _importance(features: NDArray[np.float32], target: Floats, seed: int) -> Floats:
    from sklearn.ensemble import ExtraTreesRegressor

    forest = ExtraTreesRegressor(n_estimators=4, max_features=0.3, min_samples_leaf=3, random_state=seed)
    return np.asarray(forest.fit(features, target).feature_importances_, dtype=np.float64)


def _kernel_rows(one: NDArray[np.int16], columns: NDArray[np.int16], fall: float) -> Iterator[NDArray[np.float32]]:
    """Row by row (S,) exp(-fall * sum |a - b|) of places (B, C) and, as columns (C, S), those of supports.

    |a - b| = 2 max(a, b) - a - b, and 16 bits suffice for the sum: less than half the time of float32 distances.
    """
    greater = np.empty_like(columns)
    totals = columns.sum(axis=0, dtype=np.int32)
    for places, total in zip(one, one.sum(axis=1, dtype=np.int32), strict=True):
        np.maximum(columns, places[:, None], out=greater)
        sums = np.add.reduce(greater, axis=0, dtype=np.int16).astype(np.int32)
        yield np.exp(np.float32(-fall) * (2 * sums - totals - total).astype(np.float32))
