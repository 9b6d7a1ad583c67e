"""Gates: conditions that a useful material meets, each as a probability."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.errors import RequestError
from screening.materials.arrays import floats, require_columns
from screening.materials.sampling import Distribution
from screening.settings import settings_class

CONDITIONS = ("at_least", "at_most", "is_in", "without_flag", "probability")


@settings_class
class GateSettings:
    """A condition on a column; exactly one of `CONDITIONS` is set.

    Attributes:
        column: The column.
        at_least: Lower limit of a number; an interval in the table makes the result a probability.
        at_most: Upper limit, likewise.
        is_in: Allowed values of a category or boolean.
        without_flag: A flag that must not be in the (text) column.
        probability: True if the column itself is the probability.
        otherwise: Probability if the condition fails, for `is_in` and `without_flag`; above 0, candidates that fail
            move down without being ruled out.
        when_unknown: Probability if the column is null.
        half_until: Values from `at_most` up to this one count half.
        soft: Values above `at_most` count by how much they exceed it: half for twice the limit, a tenth for ten times.
    """

    column: str
    at_least: float | None = None
    at_most: float | None = None
    is_in: tuple[Any, ...] | None = None
    without_flag: str | None = None
    probability: bool | None = None
    otherwise: float = 0.0
    when_unknown: float = 0.5
    half_until: float | None = None
    soft: bool = False

    def __post_init__(self) -> None:
        if self.half_until is not None and (self.at_most is None or self.half_until < self.at_most):
            raise RequestError(f"gate on {self.column}: half_until: expected at_most too, and a value not below it")
        if self.soft and (self.at_most is None or self.at_most <= 0 or self.half_until is not None):
            raise RequestError(f"gate on {self.column}: soft: expected at_most above 0 too, and no half_until")
        given = [name for name in CONDITIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise RequestError(f"gate on {self.column}: expected one of {', '.join(CONDITIONS)}, got {given or 'none'}")
        for name in ("otherwise", "when_unknown"):
            if not 0 <= getattr(self, name) <= 1:
                raise RequestError(f"gate on {self.column}: {name} must be a probability, got {getattr(self, name)}")

    def probabilities(self, table: pl.DataFrame) -> Floats:
        """(B,) probability that the condition holds, for each row.

        Raises:
            RequestError: The table does not have the column.
        """
        require_columns(table, [self.column])
        return np.clip(np.nan_to_num(self._known(table), nan=self.when_unknown), 0.0, 1.0)

    def _known(self, table: pl.DataFrame) -> Floats:
        """(B,) probability, NaN where the column is null."""
        if self.at_least is not None:
            return Distribution.from_table(table, self.column).probability_above(self.at_least)
        if self.at_most is not None:
            found = Distribution.from_table(table, self.column)
            passed = found.probability_below(self.at_most)
            if self.soft:
                return passed + (1 - passed) * self.at_most / np.maximum(found.value, self.at_most)
            if self.half_until is None:
                return passed
            return (passed + found.probability_below(self.half_until)) / 2
        if self.probability is not None:
            return floats(table, self.column)
        values = table[self.column].to_list()
        if self.without_flag is not None:
            return np.array([self._passed(self.without_flag not in (text or "").split(";")) for text in values])
        allowed = self.is_in or ()
        return np.array([np.nan if value is None else self._passed(value in allowed) for value in values], dtype=float)

    def _passed(self, holds: bool) -> float:
        return 1.0 if holds else self.otherwise


@settings_class
class WaivableGate(GateSettings):
    """A gate that another condition can waive: it is passed if either holds; the two count as independent."""

    waived_by: GateSettings | None = None

    def probabilities(self, table: pl.DataFrame) -> Floats:
        """(B,) probability that the condition holds or is waived, for each row."""
        passed = super().probabilities(table)
        if self.waived_by is None:
            return passed
        return 1.0 - (1.0 - passed) * (1.0 - self.waived_by.probabilities(table))
