"""Offsets between calculated and measured voltages, as a release keeps them: measured rows, levels and variances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from screening.array_types import Floats, Mask
from screening.materials.electrodes.measured.anion_classes import group_of
from screening.materials.electrodes.measured.mixed_model import Effects, Level, Variances, WeightedRows, effects_of
from screening.materials.electrodes.measured.offset_terms import OffsetInputs

NORMAL_80 = 1.2815515655446004
"""Half the width of an 80 % interval of a normal distribution in standard deviations."""
_CLASS, _GROUP = "couple and class", "couple and group"
_HALF = 0.5


@dataclass(frozen=True)
class PredictedOffsets:
    """Offsets of B electrodes.

    Attributes:
        mean: Measured minus calculated in V, (B,).
        deviation: Standard deviation of a measured voltage around calculated plus offset, in V, without the error of
            the calculated voltage, (B,).
        classes: In words, such as `Ti4+/Ti3+ in phosphates, 3 measured`.
        unknown: No measured electrode has this couple beside this group of anions, (B,).
    """

    mean: Floats
    deviation: Floats
    classes: list[str]
    unknown: Mask


@dataclass(frozen=True)
class OffsetModel:
    """The model and the N measured electrodes that it learned from.

    Attributes:
        rows: Weights of their levels, and their offsets.
        variances: Of the levels and of a row.
        systems: Their chemical systems.
    """

    rows: WeightedRows
    variances: Variances
    systems: tuple[str, ...]

    @cached_property
    def effects(self) -> Effects:
        """Learned from all rows."""
        return effects_of(self.rows, self.variances)

    @cached_property
    def columns(self) -> dict[Level, int]:
        """Level -> column of the weights."""
        return {level: column for column, level in enumerate(self.rows.levels)}

    def predict(self, inputs: OffsetInputs) -> PredictedOffsets:
        """The offsets of B electrodes."""
        return self._predict(inputs, self.effects, np.ones(len(self.systems), dtype=bool))

    def spread(self, inputs: OffsetInputs) -> PredictedOffsets:
        """As `predict`, but as if no electrode had been measured: no offset, and the spread between classes."""
        nothing: Mask = np.zeros(len(self.systems), dtype=bool)
        return self._predict(inputs, effects_of(self.rows.take(nothing), self.variances), nothing)

    def predict_without(self, inputs: OffsetInputs, systems: Sequence[str]) -> PredictedOffsets:
        """As `predict`, each by the rows of all other chemical systems.

        Args:
            inputs: Of B electrodes.
            systems: Their B chemical systems, discharged.
        """
        found = self.predict(inputs)
        mean, deviation, classes, unknown = found.mean.copy(), found.deviation.copy(), found.classes, found.unknown
        for system in sorted(set(systems) & set(self.systems)):
            kept = np.array([other != system for other in self.systems], dtype=bool)
            effects = effects_of(self.rows.take(kept), self.variances)
            own = [row for row, name in enumerate(systems) if name == system]
            part = self._predict(inputs.take(own), effects, kept)
            mean[own], deviation[own], unknown[own] = part.mean, part.deviation, part.unknown
            for row, words in zip(own, part.classes, strict=True):
                classes[row] = words
        return PredictedOffsets(mean, deviation, classes, unknown)

    def _predict(self, inputs: OffsetInputs, effects: Effects, used: Mask) -> PredictedOffsets:
        counted = (self.rows.weights[used] > _HALF).sum(axis=0)
        size = len(inputs)
        mean, variance, classes = np.zeros(size), np.zeros(size), []
        unknown: Mask = np.zeros(size, dtype=bool)
        for row in range(size):
            levels = inputs.levels(row)
            weights = np.zeros(len(self.columns))
            for level, weight in levels.items():
                if level in self.columns:
                    weights[self.columns[level]] = weight
                else:
                    variance[row] += weight**2 * self.variances.terms[level[0]]
            mean[row] = weights @ effects.mean
            variance[row] += weights @ effects.covariance @ weights + self.variances.noise
            members = {level: int(counted[self.columns[level]]) if level in self.columns else 0 for level in levels}
            known = sum(w for level, w in levels.items() if level[0] == _GROUP and members[level])
            unknown[row] = known < _HALF
            classes.append(_in_words(inputs, row, members))
        return PredictedOffsets(mean, np.sqrt(variance), classes, unknown)


def _in_words(inputs: OffsetInputs, row: int, members: dict[Level, int]) -> str:
    couples = inputs.couples(row)
    if not couples:
        return "no known couple"
    couple, name = max(couples, key=lambda each: couples[each]), inputs.classes[row]
    own = members.get((_CLASS, f"{couple} in {name}"), 0)
    if own:
        return f"{couple} in {name}s, {own} measured"
    group = group_of(name)
    near = members.get((_GROUP, f"{couple} in {group}"), 0)
    return f"{couple} in {name}s, none measured" + (f", {near} beside other {group}s" if near else "")


def measured_interval(calculated: Floats, offset: Floats, deviation: Floats) -> Floats:
    """Calculated voltages with intervals plus an offset with a normal error, (B, 3).

    Both errors are independent, so that the squares of their parts of the interval add up on each side.

    Args:
        calculated: Value and 80 % interval, (B, 3).
        offset: (B,).
        deviation: Standard deviation of the offset, (B,).
    """
    value = calculated[:, 0] + offset
    own = NORMAL_80 * deviation
    below, above = np.abs(calculated[:, 0] - calculated[:, 1]), np.abs(calculated[:, 2] - calculated[:, 0])
    return np.stack([value, value - np.hypot(below, own), value + np.hypot(above, own)], axis=1)
