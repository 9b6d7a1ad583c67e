"""Sets the region of crystals that a trained model knows."""

from __future__ import annotations

import torch
from torch import Tensor

from screening.learning.labelled_graphs import LabelledGraphs
from screening.networks.model import PropertyModel

OUTSIDE_SHARE = 0.05
"""Share of unseen calibration crystals to count as unlike the training data."""
_ENOUGH = 12_000  # training crystals, enough for the covariance of some hundred features
_FEWEST = 100  # with fewer crystals of either kind the region is unchanged


@torch.no_grad()
def fit_domain(model: PropertyModel, training: LabelledGraphs, unseen: LabelledGraphs, batch_atoms: int) -> None:
    """Fit `model.domain` to training crystals and to crystals of unseen chemical systems."""
    if min(len(training), len(unseen)) < _FEWEST:
        return
    generator = torch.Generator().manual_seed(0)
    some = torch.randperm(len(training), generator=generator)[:_ENOUGH]
    features = _features(model, training, some, batch_atoms)
    model.domain.fit(features, _features(model, unseen, torch.arange(len(unseen)), batch_atoms), OUTSIDE_SHARE)


def _features(model: PropertyModel, data: LabelledGraphs, rows: Tensor, batch_atoms: int) -> Tensor:
    device = model.centre.device
    n_batches = max(1, round(int(data.n_atoms[rows].sum()) / batch_atoms))
    batches = (data.take(part).graphs.to(device) for part in data.plan(rows, n_batches))
    return torch.cat([model(graphs).features for graphs in batches])
