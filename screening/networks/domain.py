"""Detects crystals unlike the training data by the Mahalanobis distance of their features.

The errors of a network grow outside the region of its training features (Lee et al., NeurIPS 31 (2018)). The limit is
set so that a given share of crystals of unseen chemical systems is outside. The model cards report how much larger the
errors are there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_SHRINKAGE = 1e-3  # of the covariance towards its mean variance, to make it invertible


class Domain(nn.Module):
    """The region of the training features; before `fit` every crystal is inside."""

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
        """Fit the region to training features.

        Args:
            training: (n, width) features of training crystals.
            unseen: (m, width) features of crystals of unseen chemical systems.
            share: Share of the unseen crystals to be outside.
        """
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
        """(n,) whether crystals are unlike the training data."""
        return self.distance(features) > self.limit
