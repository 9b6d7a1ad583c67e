"""Predictions as distributions: a median with its 10th and 90th percentile, read as a two-piece normal.

Each side of the median holds half of the probability and is half of a normal whose width is set by that side's
percentile; the result is clipped at physical bounds (an energy above the hull is never negative). All rows share the
same standard-normal scores, so a difference between two rows is never sampling noise, and the result does not depend
on the order of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from screening.array_types import Floats, Mask
from screening.materials.arrays import floats

Z90 = float(ndtri(0.9))
"""Distance of the 90th percentile from the median, in standard deviations of a normal."""

_CHUNK = 4096


@dataclass(frozen=True)
class Distribution:
    """One quantity for B rows, in its unit.

    A missing interval means that the value is known exactly. Ends on the wrong side of the median are moved to it.

    Attributes:
        value: Median, (B,); NaN where it is unknown.
        lo: 10th percentile, (B,).
        hi: 90th percentile, (B,).
        lower: Lower physical bound.
        upper: Upper physical bound.
    """

    value: Floats
    lo: Floats
    hi: Floats
    lower: float = -np.inf
    upper: float = np.inf

    @classmethod
    def from_table(cls, table: pl.DataFrame, name: str, lower: float = -np.inf, upper: float = np.inf) -> Distribution:
        """From the columns `name`, `name_lo` and `name_hi`."""
        value = np.clip(floats(table, name), lower, upper)
        lo = np.fmin(floats(table, f"{name}_lo"), value)
        hi = np.fmax(floats(table, f"{name}_hi"), value)
        # fmin and fmax ignore NaN; but without a value the ends are unknown too.
        unknown = np.isnan(value)
        return cls(value, np.where(unknown, np.nan, lo), np.where(unknown, np.nan, hi), lower, upper)

    def at(self, scores: Floats) -> Floats:
        """Samples at standard-normal scores, (S,) -> (B, S)."""
        below = (self.value - self.lo)[:, None] / Z90
        above = (self.hi - self.value)[:, None] / Z90
        samples = self.value[:, None] + np.where(scores < 0, below * scores, above * scores)
        return np.clip(samples, self.lower, self.upper)

    def probability_below(self, threshold: float) -> Floats:
        """P(X <= threshold), (B,); NaN where the value is unknown."""
        return np.where(np.isnan(self.value), np.nan, self._cumulative(threshold, inclusive=True))

    def probability_above(self, threshold: float) -> Floats:
        """P(X >= threshold), (B,); NaN where the value is unknown."""
        return np.where(np.isnan(self.value), np.nan, 1.0 - self._cumulative(threshold, inclusive=False))

    def _cumulative(self, threshold: float, inclusive: bool) -> Floats:
        if threshold > self.upper or (inclusive and threshold == self.upper):
            return np.ones_like(self.value)
        if threshold < self.lower or (not inclusive and threshold == self.lower):
            return np.zeros_like(self.value)
        offset = threshold - self.value
        # A side of zero width has all its probability at the median: there, `inclusive` decides whether it counts.
        below = (offset < 0) if inclusive else (offset <= 0)
        width = np.where(below, self.value - self.lo, self.hi - self.value) / Z90
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            smooth = ndtr(offset / width)
        step = (offset >= 0) if inclusive else (offset > 0)
        return np.where(width > 0, smooth, step)

    def mean(self, n_points: int = 255) -> Floats:
        """Expected value, (B,), by stratified quadrature over the probability."""
        result = np.empty_like(self.value)
        scores = stratified_scores(n_points)
        for rows in _chunks(len(self.value)):
            result[rows] = self.rows(rows).at(scores).mean(axis=1)
        return result

    def where(self, mask: Mask, other: Distribution) -> Distribution:
        """These rows where `mask`, (B,), holds, the rows of `other` elsewhere; the bounds stay."""
        value, lo, hi = (
            np.where(mask, own, others)
            for own, others in ((self.value, other.value), (self.lo, other.lo), (self.hi, other.hi))
        )
        return Distribution(value, lo, hi, self.lower, self.upper)

    def shifted(self, by: Floats) -> Distribution:
        """The same distribution moved by (B,)."""
        return Distribution(self.value + by, self.lo + by, self.hi + by, self.lower, self.upper)

    def widened(self, relative: float) -> Distribution:
        """With an additional independent error, given as the relative half-width of its 80 % interval."""
        more = relative * np.abs(self.value)
        lo = self.value - np.hypot(self.value - self.lo, more)
        hi = self.value + np.hypot(self.hi - self.value, more)
        return Distribution(self.value, lo, hi, self.lower, self.upper)

    def rows(self, rows: slice | NDArray[np.int64]) -> Distribution:
        """A part of the rows."""
        return Distribution(self.value[rows], self.lo[rows], self.hi[rows], self.lower, self.upper)


def stratified_scores(n_samples: int) -> Floats:
    """Standard-normal scores of the centres of equally probable strata, ascending, (S,)."""
    return np.asarray(ndtri((np.arange(n_samples) + 0.5) / n_samples))


def common_scores(n_quantities: int, n_samples: int, seed: int) -> Floats:
    """Latin-hypercube standard-normal scores shared by all rows, (Q, S): each quantity visits every stratum once."""
    generator = np.random.default_rng(seed)
    scores = stratified_scores(n_samples)
    return np.stack([generator.permutation(scores) for _ in range(n_quantities)])


def propagate(n_rows: int, function: Callable[[slice], Mapping[str, Floats]]) -> dict[str, Floats]:
    """Percentiles of quantities that are sampled row by row; in chunks, so that memory does not grow with the rows.

    Args:
        n_rows: B.
        function: Gives samples (b, S), or values (b,), of each quantity for a slice of b rows.

    Returns:
        Median, 10th and 90th percentile, (3, B), of each sampled quantity, without NaN samples; NaN for rows that have
        no other sample. Values are returned as (B,).
    """
    parts: list[dict[str, Floats]] = []
    for rows in _chunks(n_rows) if n_rows else [slice(0, 0)]:
        found = function(rows)
        parts.append({name: quantiles(v) if v.ndim == 2 else v for name, v in found.items()})
    return {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}


def quantiles(samples: Floats, probabilities: tuple[float, ...] = (0.5, 0.1, 0.9)) -> Floats:
    """Quantiles of samples, ignoring NaN.

    They are interpolated between samples as between the centres of strata (Hazen), so a monotone function of one
    quantity keeps the percentiles of that quantity.

    Args:
        samples: (B, S).
        probabilities: Q of them.

    Returns:
        (Q, B); NaN for rows without samples.
    """
    ordered = np.sort(samples, axis=1)  # NaN last
    known = np.isfinite(samples).sum(axis=1)
    place = np.clip(np.outer(probabilities, known) - 0.5, 0.0, np.maximum(known - 1, 0))
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(known - 1, 0))
    rows = np.arange(len(samples))
    low, high = ordered[rows, below], ordered[rows, above]
    return np.asarray(low + (place - below) * (high - low))


def _chunks(n_rows: int) -> Iterator[slice]:
    for start in range(0, n_rows, _CHUNK):
        yield slice(start, min(start + _CHUNK, n_rows))
