"""Gates: conditions a useful material fulfils, each as the probability that it is fulfilled."""

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
    """One condition on one column; exactly one of `CONDITIONS` is set.

    at_least, at_most: threshold for a number; its interval, where the table has one, makes the answer a probability.
    is_in: allowed values of a category or boolean. without_flag: a flag that must not stand in the (text) column.
    probability: true if the column is a probability itself.
    otherwise: probability where the condition fails, for `is_in` and `without_flag`: above 0 for a gate that puts
    candidates back without shutting them out. when_unknown: probability where the column is null. half_until: values
    from `at_most` up to it count half.
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

    def __post_init__(self) -> None:
        if self.half_until is not None and (self.at_most is None or self.half_until < self.at_most):
            raise RequestError(f"gate on {self.column}: half_until: expected a value above at_most")
        given = [name for name in CONDITIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise RequestError(f"gate on {self.column}: expected one of {', '.join(CONDITIONS)}, got {given or 'none'}")
        for name in ("otherwise", "when_unknown"):
            if not 0 <= getattr(self, name) <= 1:
                raise RequestError(f"gate on {self.column}: {name} must be a probability, got {getattr(self, name)}")

    def probabilities(self, table: pl.DataFrame) -> Floats:
        """P(the condition holds) for each row, (B,), within 0 and 1."""
        require_columns(table, [self.column])
        return np.clip(np.nan_to_num(self._known(table), nan=self.when_unknown), 0.0, 1.0)

    def _known(self, table: pl.DataFrame) -> Floats:
        """The same with NaN where the column is null."""
        if self.at_least is not None:
            return Distribution.from_table(table, self.column).probability_above(self.at_least)
        if self.at_most is not None:
            found = Distribution.from_table(table, self.column)
            passed = found.probability_below(self.at_most)
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
    """A gate that another condition can waive: it counts as passed if either holds (taken as independent)."""

    waived_by: GateSettings | None = None

    def probabilities(self, table: pl.DataFrame) -> Floats:
        """P(the condition holds or is waived) for each row, (B,)."""
        passed = super().probabilities(table)
        if self.waived_by is None:
            return passed
        return 1.0 - (1.0 - passed) * (1.0 - self.waived_by.probabilities(table))
