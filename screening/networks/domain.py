"""Which crystals are unlike the training data: the Mahalanobis distance of their features to those of training.

Errors of a network grow where its features leave the region that training filled (Lee et al., NeurIPS 31 (2018)). The
limit is set so that a stated share of crystals of unseen chemical systems lies beyond it; how much larger errors are
there is measured, not assumed (see the model cards).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_SHRINKAGE = 1e-3  # of the covariance towards its mean variance, so that it can be inverted


class Domain(nn.Module):
    """Where training features lie; before `fit` every crystal is inside."""

    mean: Tensor
    whitening: Tensor
    limit: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("whitening", torch.zeros(width, width))
        self.register_buffer("limit", torch.tensor(float("inf")))

    @torch.no_grad()
    def fit(self, training: Tensor, unseen: Tensor, share: float) -> None:
        """Learn the region of (n, width) training features; `share` of the (m, width) unseen ones will lie outside."""
        features = training.double()
        centred = features - features.mean(0)
        covariance = centred.T @ centred / len(features)
        variance = covariance.diagonal().mean().clamp(min=1e-12)
        covariance += _SHRINKAGE * variance * torch.eye(len(covariance), dtype=torch.float64, device=features.device)
        inverse = torch.linalg.inv(covariance)
        self.mean.copy_(features.mean(0))
        self.whitening.copy_(torch.linalg.cholesky((inverse + inverse.T) / 2))
        self.limit.copy_(torch.quantile(self.distance(unseen), 1 - share))

    def distance(self, features: Tensor) -> Tensor:
        """(n,) Mahalanobis distances of (n, width) features."""
        return ((features - self.mean) @ self.whitening).norm(dim=1)

    def outside(self, features: Tensor) -> Tensor:
        """(n,) whether a crystal is unlike those of training."""
        return self.distance(features) > self.limit
