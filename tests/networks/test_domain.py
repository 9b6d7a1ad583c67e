"""Crystals unlike the training data are outside the region, similar ones inside."""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial.distance import mahalanobis

from screening.networks.domain import Domain


def test_nothing_is_outside_before_the_fit() -> None:
    assert not Domain(4).outside(1e6 * torch.randn(10, 4)).any()


def test_distance_is_that_of_mahalanobis_and_the_stated_share_is_outside() -> None:
    generator = torch.Generator().manual_seed(0)
    mixing = torch.randn(5, 5, generator=generator)
    training, unseen = (torch.randn(n, 5, generator=generator) @ mixing + 3.0 for n in (4000, 1000))
    domain = Domain(5)
    domain.fit(training, unseen, 0.1)
    inverse = np.linalg.inv(np.cov(training.numpy().T))
    expected = [mahalanobis(row, training.numpy().mean(0), inverse) for row in unseen[:50].numpy()]
    np.testing.assert_allclose(domain.distance(unseen[:50]).numpy(), expected, rtol=0.02)
    assert abs(float(domain.outside(unseen).float().mean()) - 0.1) < 0.005
    assert domain.outside(training.mean(0, keepdim=True) + 50.0).all()


def test_constant_features_are_allowed() -> None:
    features = torch.cat([torch.randn(500, 3), torch.ones(500, 2)], dim=1)
    domain = Domain(5)
    domain.fit(features, features, 0.05)
    assert domain.distance(features).isfinite().all()
    moved = features[:5] + torch.tensor([0.0, 0.0, 0.0, 1.0, 0.0])
    assert domain.outside(moved).all()
