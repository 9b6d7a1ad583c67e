"""Pareto fronts: candidates that no other beats in every objective."""

from __future__ import annotations

from bisect import bisect_left
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats


def pareto_fronts(objectives: Floats) -> NDArray[np.int64]:
    """Number of the front of each row: 1 if no row dominates it, 2 if only rows of front 1 do, and so on.

    A row dominates another if it is at least as good in every objective and better in one; equal rows share a front.
    Rows are visited from best to worst in the first objective. Binary search over the fronts finds the first one where
    nothing dominates the row (Zhang et al., IEEE Trans. Evol. Comput. 19, 201 (2015)). The cost is O(n log² n) up to
    three objectives, and O(n²) at worst beyond.

    Args:
        objectives: (B, M), larger is better; NaN is worse than every number.

    Returns:
        (B,) numbers from 1.

    Raises:
        ValueError: The shape is another one.
    """
    if objectives.ndim != 2 or objectives.shape[1] == 0:
        raise ValueError(f"objectives: expected shape (B, M) with M of at least 1, got {objectives.shape}")
    if len(objectives) == 0:
        return np.zeros(0, dtype=np.int64)
    known = np.where(np.isnan(objectives), -np.inf, objectives)
    distinct, inverse = np.unique(known, axis=0, return_inverse=True)
    # np.unique sorts by the first column, then the second, and so on; in reverse, no row dominates an earlier one.
    rest = distinct[::-1, 1:]
    fronts: list[_Front] = []
    result = np.empty(len(distinct), dtype=np.int64)
    small = rest.shape[1] <= 2
    rows = np.pad(rest, ((0, 0), (0, 2 - rest.shape[1]))).tolist() if small else rest
    for index, row in enumerate(rows):
        # A row dominated in one front is dominated in all earlier fronts, so bisection finds the first free one.
        number = bisect_left(fronts, True, key=partial(_is_free, row))
        if number == len(fronts):
            fronts.append(_Staircase() if small else _Points(rest.shape[1]))
        fronts[number].add(row)
        result[index] = number + 1
    return result[::-1][inverse.reshape(-1)]


def _is_free(row: NDArray[np.float64] | list[float], front: _Front) -> bool:
    return not front.dominates(row)


class _Front(Protocol):
    def dominates(self, row: NDArray[np.float64] | list[float]) -> bool:
        """Whether a member is at least as good as `row` in the second and all later objectives."""

    def add(self, row: NDArray[np.float64] | list[float]) -> None:
        """Make `row` a member."""


class _Staircase:
    """Outline of a front in two objectives: the first ascending, the second descending."""

    def __init__(self) -> None:
        self._first: list[float] = []
        self._second: list[float] = []

    def dominates(self, row: NDArray[np.float64] | list[float]) -> bool:
        step = bisect_left(self._first, row[0])
        return step < len(self._first) and self._second[step] >= row[1]

    def add(self, row: NDArray[np.float64] | list[float]) -> None:
        first, second = float(row[0]), float(row[1])
        step = bisect_left(self._first, first)
        stop = step + (step < len(self._first) and self._first[step] == first)
        start = step
        while start > 0 and self._second[start - 1] <= second:
            start -= 1
        self._first[start:stop] = [first]
        self._second[start:stop] = [second]


class _Points:
    """All members of a front, for four and more objectives, compared one objective at a time."""

    def __init__(self, width: int) -> None:
        self._columns = np.empty((width, 16))
        self._count = 0

    def dominates(self, row: NDArray[np.float64] | list[float]) -> bool:
        members = self._columns[:, : self._count]
        left = np.flatnonzero(members[0] >= row[0])
        for column, value in zip(members[1:], row[1:], strict=True):
            left = left[column[left] >= value]
        return left.size > 0

    def add(self, row: NDArray[np.float64] | list[float]) -> None:
        if self._count == self._columns.shape[1]:
            self._columns = np.concatenate([self._columns, np.empty_like(self._columns)], axis=1)
        self._columns[:, self._count] = row
        self._count += 1
