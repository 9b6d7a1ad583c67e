"""Scores of a model on labelled crystals: errors and coverage by target and chemical group, with baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Mask
from screening.data.collapsed import MAGNETIZATION
from screening.learning.baselines import Baselines
from screening.learning.calibration import nontrivial
from screening.learning.measured import Measured
from screening.learning.quantities import Quantity, quantities

EVERYTHING, FLAGGED, UNFLAGGED = "all", "out of domain", "in domain"
WITHOUT_MOMENTS = "rich in Fe and Co, calculated without moments"
ALL_ROWS, NONTRIVIAL = "all", "non-trivial"
FEWEST = 20
"""Groups with fewer rows are not compared, because their scores are mostly chance."""


@dataclass(frozen=True)
class Scores:
    """Errors of one quantity on one set of rows, in the unit in its name.

    Attributes:
        target: Name of the quantity.
        group: `all`, a chemical group, `out of domain` or `in domain`.
        rows: `all`, or `non-trivial` for labels above what counts as zero.
        n: Number of rows.
        mae: Mean absolute error.
        rmse: Root mean square error.
        r2: Coefficient of determination.
        coverage: Share of labels inside the 80 % interval.
        width: Mean width of the interval.
        mae_constant: Error of the best constant on the same rows; NaN without this baseline.
        mae_composition: Error of the composition baseline on the same rows; NaN without it.
    """

    target: str
    group: str
    rows: str
    n: int
    mae: float
    rmse: float
    r2: float
    coverage: float
    width: float
    mae_constant: float
    mae_composition: float


def score(measured: Measured, baselines: Baselines, groups: Mapping[str, Mask]) -> list[Scores]:
    """Score every quantity and group over all labelled rows, and over the non-trivial ones if these differ.

    Args:
        measured: Predictions of B labelled crystals.
        baselines: Predictions of the baselines.
        groups: Masks (B,) by name. Crystals flagged as out of domain, and the rest, form two more groups. The
            magnetization of crystals rich in iron and cobalt whose calculation has no moments is scored in a group of
            its own and in no other: many of these calculations lost their moments.
    """
    chosen = {EVERYTHING: np.ones(len(measured), dtype=bool), **groups}
    if measured.out_of_domain is not None:
        chosen |= {FLAGGED: measured.out_of_domain, UNFLAGGED: ~measured.out_of_domain}
    scores: list[Scores] = []
    for quantity in quantities(measured.targets):
        label = measured.labels[:, measured.targets.index(quantity.target)]
        for group, mask in _masks(chosen, measured, quantity.target).items():
            known = mask & np.isfinite(label)
            counted = known & (nontrivial(quantity.target, label) | (group == WITHOUT_MOMENTS))
            for rows, within in ((ALL_ROWS, known), (NONTRIVIAL, counted)):
                if within.any() and (rows == ALL_ROWS or counted.sum() < known.sum()):
                    scores.append(_score(quantity, group, rows, within, measured, baselines))
    return scores


def _masks(groups: Mapping[str, Mask], measured: Measured, target: str) -> Mapping[str, Mask]:
    """The groups in which a target is scored."""
    lost = measured.without_moments
    if target != MAGNETIZATION or lost is None:
        return groups
    return {name: mask & ~lost for name, mask in groups.items()} | {WITHOUT_MOMENTS: lost}


def _score(quantity: Quantity, group: str, rows: str, within: Mask, measured: Measured, baselines: Baselines) -> Scores:
    i = measured.targets.index(quantity.target)

    def column(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[within, i] * quantity.factor

    label = column(measured.labels)
    low, high = column(measured.low), column(measured.high)
    error = column(measured.values) - label
    spread = float(((label - label.mean()) ** 2).sum())
    return Scores(
        target=quantity.name,
        group=group,
        rows=rows,
        n=len(label),
        mae=float(np.abs(error).mean()),
        rmse=float(np.sqrt((error**2).mean())),
        r2=1.0 - float((error**2).sum()) / spread if spread > 0 else float("nan"),
        coverage=float(((low <= label) & (label <= high)).mean()),
        width=float((high - low).mean()),
        mae_constant=float(np.abs(baselines.constant[i] * quantity.factor - label).mean()),
        mae_composition=float(np.abs(column(baselines.composition) - label).mean()),
    )


def find(scores: Sequence[Scores], target: str, group: str = EVERYTHING, rows: str = ALL_ROWS) -> Scores | None:
    """The scores of one set of rows; None if it is empty or the same as all rows."""
    wanted = (target, group, rows)
    return next((s for s in scores if (s.target, s.group, s.rows) == wanted), None)


def strictest(scores: Sequence[Scores], target: str, group: str = EVERYTHING) -> Scores | None:
    """The scores over non-trivial rows, or over all rows if these are the same."""
    return find(scores, target, group, NONTRIVIAL) or find(scores, target, group)


def flagged_over_rest(scores: Sequence[Scores]) -> dict[str, float]:
    """Error of crystals flagged as out of domain over that of the rest, by quantity, on non-trivial rows."""
    pairs = {s.target: (strictest(scores, s.target, FLAGGED), strictest(scores, s.target, UNFLAGGED)) for s in scores}
    return {
        target: flagged.mae / rest.mae for target, (flagged, rest) in pairs.items() if flagged and rest and rest.mae > 0
    }


def as_rows(scores: Sequence[Scores]) -> list[dict[str, object]]:
    """Scores as rows of a table."""
    return [asdict(score) for score in scores]
