"""Intervals that hold: split-conformal factors on crystals of chemical systems that training never saw.

The network predicts a scale of its own error for every crystal and target. The calibration split then tells by which
factor that scale must be multiplied so that 80 % of the errors fall inside (normalised split-conformal prediction,
Lei et al., J. Am. Stat. Assoc. 113, 1094 (2018)). Crystals whose label is trivially zero (a metal's gap, a compound
on the hull, a non-magnet) are covered by any interval and would make it too narrow for the rest: they are left out.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from screening.data.targets import TARGETS
from screening.learning.data import LabelledGraphs, ValidationBatches
from screening.networks.model import PropertyModel

COVERAGE = 0.80
_FEWEST = 20  # below this many calibration crystals a quantile means nothing and the Laplace law stands


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


def calibrate(model: PropertyModel, data: LabelledGraphs, batch_atoms: int) -> None:
    """Set `model.interval` so that 80 % of the calibration errors fall inside the interval."""
    if not len(data):
        return
    values, widths = predict_labelled(model, data, batch_atoms)
    labels = data.labels.numpy()
    for i, target in enumerate(model.targets):
        rows = nontrivial(target, labels[:, i])
        if rows.sum() >= _FEWEST:
            ratio = np.abs(values[rows, i] - labels[rows, i]) / widths[rows, i]
            model.interval[i] *= conformal_quantile(ratio)


def nontrivial(target: str, labels: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Rows with a label above the value below which the quantity counts as zero."""
    floor = TARGETS[target].trivial_below
    return np.isfinite(labels) & (labels > floor if floor is not None else True)


def conformal_quantile(scores: NDArray[np.floating]) -> float:
    """The ceil((n + 1) 0.8)-th smallest score: the finite-sample quantile of split-conformal prediction."""
    n = len(scores)
    k = min(n, int(np.ceil((n + 1) * COVERAGE)))
    return float(np.partition(scores, k - 1)[k - 1])
