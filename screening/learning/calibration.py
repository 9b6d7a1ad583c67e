"""Intervals that hold: split-conformal factors on crystals of chemical systems that training never saw.

The network predicts a scale of its own error for every crystal and target. The calibration split then tells by which
factor that scale must be multiplied so that 80 % of the errors fall inside (normalised split-conformal prediction,
Lei et al., J. Am. Stat. Assoc. 113, 1094 (2018)). Crystals whose label is trivially zero (a metal's gap, a compound
on the hull, a non-magnet) are covered by any interval and would make it too narrow for the rest: they are left out.

A second factor holds for each kind of crystal (`screening.networks.kinds`). It comes from the errors of that kind
together with those of all kinds, which weigh as much as 30 crystals, so that a rare kind gets no wild interval.
"""

from __future__ import annotations

import logging

import numpy as np
import torch
from numpy.typing import NDArray

from screening.data.targets import TARGETS
from screening.learning.data import LabelledGraphs, ValidationBatches
from screening.networks.kinds import KINDS, kinds
from screening.networks.model import PropertyModel

logger = logging.getLogger(__name__)
COVERAGE = 0.80
_Ratios = tuple[NDArray[np.float64], NDArray[np.int64]]
_ENOUGH = 100  # the coverage that 100 calibration crystals lead to scatters by 4 %, that of 20 by 9 %
_BORROWED = 30.0
_FEWEST = 20  # with fewer calibration crystals a quantile means nothing: the interval stays as wide as it was


@torch.no_grad()
def predict_labelled(
    model: PropertyModel, data: LabelledGraphs, batch_atoms: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(B, T) values clipped to their physical range and half-widths of the 80 % interval, in physical units."""
    device = model.centre.device
    values, widths = [], []
    for batch in ValidationBatches(data, batch_atoms):
        value, width = model.physical(model(batch.graphs.to(device)))
        values.append(value.cpu())
        widths.append(width.cpu())
    value_array = torch.cat(values).double().numpy()
    for i, target in enumerate(model.targets):
        value_array[:, i] = np.maximum(value_array[:, i], TARGETS[target].minimum)
    return value_array, torch.cat(widths).double().numpy()


def calibrate(
    model: PropertyModel, data: LabelledGraphs, batch_atoms: int, reserve: LabelledGraphs | None = None
) -> dict[str, int]:
    """Set `model.interval` so that 80 % of the calibration errors fall inside the interval.

    reserve: crystals of other unseen systems that join in where a target has less than enough without them. Returns
    the crystals used by target; with 0 of them it keeps its interval, and a warning says so.
    """
    found = _error_ratios(model, data, batch_atoms)
    more: list[_Ratios] | None = None
    used: dict[str, int] = {}
    for i, target in enumerate(model.targets):
        ratio, kind = found[i]
        if len(ratio) < _ENOUGH and reserve is not None:
            more = more or _error_ratios(model, reserve, batch_atoms)
            ratio, kind = np.concatenate([ratio, more[i][0]]), np.concatenate([kind, more[i][1]])
        used[target] = len(ratio) if len(ratio) >= _FEWEST else 0
        if len(ratio) >= _ENOUGH:
            factor = kind_factors(ratio, kind)
            model.kind_interval[:, i] *= torch.from_numpy(factor).to(model.kind_interval)
            ratio = ratio / factor[kind]
        if used[target]:
            model.interval[i] *= conformal_quantile(ratio)
        elif data.labels[:, i].isfinite().any() or not len(data):
            logger.warning(
                "%s: only %d crystals to calibrate its intervals on, expected %d: they stay as wide as before",
                target, len(ratio), _FEWEST,
            )  # fmt: skip
    return used


def _error_ratios(model: PropertyModel, data: LabelledGraphs, batch_atoms: int) -> list[_Ratios]:
    """By target, for the crystals whose label is not trivial: errors over half-widths of the interval, and kinds."""
    if not len(data):
        return [(np.zeros(0), np.zeros(0, dtype=np.int64))] * len(model.targets)
    values, widths = predict_labelled(model, data, batch_atoms)
    labels = data.labels.double().cpu().numpy()
    kind = torch.cat([kinds(batch.graphs) for batch in ValidationBatches(data, batch_atoms)]).cpu().numpy()
    chosen = [nontrivial(target, labels[:, i]) for i, target in enumerate(model.targets)]
    return [(np.abs(values[rows, i] - labels[rows, i]) / widths[rows, i], kind[rows]) for i, rows in enumerate(chosen)]


def kind_factors(ratios: NDArray[np.floating], kind: NDArray[np.int64]) -> NDArray[np.float64]:
    """(K,) factors: what 80 % of the (n,) ratios of a kind stay below, others having a little weight too."""
    order = np.argsort(ratios)
    factors = []
    for k in range(len(KINDS)):
        weight = (kind[order] == k) + _BORROWED / len(ratios)
        reached = np.cumsum(weight) / weight.sum()
        factors.append(float(ratios[order][np.searchsorted(reached, COVERAGE)]))
    return np.maximum(np.array(factors), 1e-6)


def nontrivial(target: str, labels: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Rows with a label above the value below which the quantity counts as zero."""
    floor = TARGETS[target].trivial_below
    return np.isfinite(labels) & (labels > floor if floor is not None else True)


def conformal_quantile(scores: NDArray[np.floating]) -> float:
    """The ceil((n + 1) 0.8)-th smallest score: the finite-sample quantile of split-conformal prediction."""
    n = len(scores)
    k = min(n, int(np.ceil((n + 1) * COVERAGE)))
    return float(np.partition(scores, k - 1)[k - 1])
