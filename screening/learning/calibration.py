"""Calibrates the 80 % intervals by split-conformal prediction on chemical systems that training never saw.

The network predicts a scale of its own error for every crystal and target. The calibration split gives the factor by
which to multiply that scale so that 80 % of the errors fall inside (normalised split-conformal prediction, Lei et al.,
J. Am. Stat. Assoc. 113, 1094 (2018)). Crystals whose label is trivially zero (the gap of a metal, a compound on the
hull, a crystal without moments) are left out: any interval covers them, and they would make it too narrow for the rest.

With enough crystals there is a factor for each kind (`screening.networks.kinds`), from the errors of that kind together
with those of all kinds, which weigh as much as 30 crystals; this keeps the intervals of rare kinds reasonable. Errors
within a chemical system are correlated, so a quantile depends on which systems are in the split. The upper quartile of
its bootstrap distribution over systems is used, so that three of four calibrations cover 80 % or more.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from screening.data.targets import TARGETS
from screening.graphs.batch import GraphBatch
from screening.learning.data import ValidationBatches
from screening.learning.labelled_graphs import LabelledGraphs
from screening.networks.kinds import KINDS, kinds
from screening.networks.model import PropertyModel
from screening.networks.outputs import MAX_ATOMIC_NUMBER
from screening.tabular.quantiles import COVERAGE, conformal_quantile

logger = logging.getLogger(__name__)
_ENOUGH = 100  # with 100 calibration crystals the coverage scatters by 4 %, with 20 by 9 %
_ENOUGH_OF_ALL_KINDS = 300
_BORROWED = 30.0
_CONFIDENCE, _RESAMPLINGS = 0.75, 200
_FEWEST = 20  # with fewer calibration crystals a quantile is meaningless, and the interval is left as it is


@torch.no_grad()
def predict_labelled(
    model: PropertyModel, data: LabelledGraphs, batch_atoms: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Predict labelled crystals.

    Returns:
        (B, T) values, clipped to their physical range, and half-widths of the 80 % interval, in physical units.
    """
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
    """Set `model.kind_interval`, or for few crystals `model.interval`, so that 80 % of the errors fall inside.

    Args:
        model: The trained model.
        data: The calibration crystals.
        batch_atoms: Mean atoms of a batch.
        reserve: Crystals of other unseen systems, added for targets with too few labels.

    Returns:
        The number of crystals used by target; with 0 the interval is unchanged, and a warning says so.
    """
    found = _errors(model, data, batch_atoms)
    more: list[Errors] | None = None
    used: dict[str, int] = {}
    for i, target in enumerate(model.targets):
        errors = found[i]
        if len(errors) < _ENOUGH and reserve is not None:
            more = more or _errors(model, reserve, batch_atoms)
            errors = errors.joined(more[i])
        used[target] = len(errors) if len(errors) >= _FEWEST else 0
        if len(errors) >= _ENOUGH_OF_ALL_KINDS:
            model.kind_interval[:, i] *= torch.from_numpy(kind_factors(errors)).to(model.kind_interval)
        elif used[target]:
            model.interval[i] *= conformal_quantile(errors.ratio)
        elif data.labels[:, i].isfinite().any() or not len(data):
            logger.warning(
                "%s: only %d crystals to calibrate its intervals, expected at least %d; the intervals are unchanged",
                target, len(errors), _FEWEST,
            )  # fmt: skip
    return used


@dataclass(frozen=True)
class Errors:
    """Errors of n crystals in one target.

    Attributes:
        ratio: (n,) errors over half-widths of the interval.
        kind: (n,) kinds of crystals.
        system: (n,) numbers of chemical systems.
    """

    ratio: NDArray[np.float64]
    kind: NDArray[np.int64]
    system: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ratio)

    def joined(self, other: Errors) -> Errors:
        """These and the errors of other systems."""
        offset = self.system.max(initial=-1) + 1
        return Errors(
            np.concatenate([self.ratio, other.ratio]),
            np.concatenate([self.kind, other.kind]),
            np.concatenate([self.system, offset + other.system]),
        )


def _errors(model: PropertyModel, data: LabelledGraphs, batch_atoms: int) -> list[Errors]:
    """Errors by target of the crystals whose label is not trivial."""
    if not len(data):
        return [Errors(np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))] * len(model.targets)
    values, widths = predict_labelled(model, data, batch_atoms)
    labels = data.labels.double().cpu().numpy()
    batches = [batch.graphs for batch in ValidationBatches(data, batch_atoms)]
    kind = torch.cat([kinds(graphs) for graphs in batches]).cpu().numpy()
    present = np.concatenate([_elements_present(graphs) for graphs in batches])
    _, system = np.unique(present, axis=0, return_inverse=True)
    errors = []
    for i, target in enumerate(model.targets):
        rows = nontrivial(target, labels[:, i])
        ratio = np.abs(values[rows, i] - labels[rows, i]) / widths[rows, i]
        errors.append(Errors(ratio, kind[rows], system.reshape(-1)[rows]))
    return errors


def _elements_present(graphs: GraphBatch) -> NDArray[np.bool_]:
    """(B, MAX_ATOMIC_NUMBER + 1) the chemical system of each crystal."""
    present = np.zeros((len(graphs), MAX_ATOMIC_NUMBER + 1), dtype=bool)
    present[graphs.owner.cpu().numpy(), graphs.numbers.cpu().numpy()] = True
    return present


def kind_factors(errors: Errors) -> NDArray[np.float64]:
    """(K,) factors of the half-widths so that the interval covers at least 80 % of the errors of each kind."""
    order = np.argsort(errors.ratio)
    ratio, kind = errors.ratio[order], errors.kind[order]
    systems, system = np.unique(errors.system[order], return_inverse=True)
    drawn = np.random.default_rng(0).poisson(1.0, (_RESAMPLINGS, len(systems)))[:, system]
    factors = np.empty(len(KINDS))
    for k in range(len(KINDS)):
        weight = drawn * (kind == k) + _BORROWED / len(errors)
        reached = weight.cumsum(axis=1) / weight.sum(axis=1, keepdims=True)
        quantiles = ratio[(reached < COVERAGE).sum(axis=1)]
        factors[k] = np.quantile(quantiles, _CONFIDENCE)
    return np.maximum(factors, 1e-6)


def nontrivial(target: str, labels: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Mask of the rows whose label is above what counts as zero."""
    floor = TARGETS[target].trivial_below
    return np.isfinite(labels) & (labels > floor if floor is not None else True)
