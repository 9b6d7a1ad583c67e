"""A linear model of random effects whose variances are those of highest marginal likelihood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from screening.array_types import Floats, Mask

_START = 0.15
_PRIOR_WIDTH = 1.0
"""Standard deviation of the logarithm of each standard deviation around `_START`: weak, but no variance becomes 0."""
_BOUNDS = (-7.0, 2.0)
"""Of these logarithms: beyond them the covariance matrix is no longer definite in double precision."""
Level = tuple[str, str]
"""A term and one of its levels."""


@dataclass(frozen=True)
class WeightedRows:
    """N rows with L levels.

    Attributes:
        levels: L of them.
        weights: Of the levels in each row, (N, L).
        target: (N,).
        known_variance: Of each target, (N,).
    """

    levels: tuple[Level, ...]
    weights: Floats
    target: Floats
    known_variance: Floats

    def take(self, rows: Mask) -> WeightedRows:
        """Some of the rows; all levels stay."""
        return replace(
            self, weights=self.weights[rows], target=self.target[rows], known_variance=self.known_variance[rows]
        )


@dataclass(frozen=True)
class Variances:
    """Of the effects of each term's levels, and of a row besides its known variance."""

    terms: Mapping[str, float]
    noise: float

    def prior(self, levels: Sequence[Level]) -> Floats:
        """Of each level, (L,)."""
        return np.array([self.terms[term] for term, _ in levels])


@dataclass(frozen=True)
class Effects:
    """Posterior mean (L,) and covariance (L, L) of the effects of L levels."""

    mean: Floats
    covariance: Floats


def likeliest_variances(rows: WeightedRows, terms: Sequence[str]) -> Variances:
    """The variances of highest marginal likelihood, under a weak prior."""
    kernels = np.stack([_kernel(rows, term) for term in terms])

    def loss(logs: Floats) -> float:
        sizes = np.exp(2 * logs)
        total = np.tensordot(sizes[:-1], kernels, axes=1) + np.diag(rows.known_variance + sizes[-1])
        factor = cho_factor(total, lower=True)
        fit = rows.target @ cho_solve(factor, rows.target) / 2 + np.log(np.diag(factor[0])).sum()
        return float(fit + np.square((logs - np.log(_START)) / _PRIOR_WIDTH).sum() / 2)

    start = np.full(len(terms) + 1, np.log(_START))
    found = np.exp(2 * minimize(loss, start, method="L-BFGS-B", bounds=[_BOUNDS] * len(start)).x)
    return Variances(dict(zip(terms, found[:-1].tolist(), strict=True)), float(found[-1]))


def effects_of(rows: WeightedRows, variances: Variances) -> Effects:
    """The effects, given the variances."""
    prior = variances.prior(rows.levels)
    scaled = rows.weights * prior
    factor = cho_factor(scaled @ rows.weights.T + np.diag(rows.known_variance + variances.noise), lower=True)
    covariance = np.diag(prior) - scaled.T @ cho_solve(factor, scaled)
    return Effects(scaled.T @ cho_solve(factor, rows.target), covariance)


def _kernel(rows: WeightedRows, term: str) -> Floats:
    part = rows.weights[:, [own == term for own, _ in rows.levels]]
    return np.asarray(part @ part.T)
