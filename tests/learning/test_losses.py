"""Missing labels have no effect; the error scale never affects the value."""

from __future__ import annotations

import torch

from screening.learning.losses import masked_losses, robust_scales
from screening.networks.outputs import Prediction

NAN = float("nan")


def test_missing_labels_have_no_gradient() -> None:
    value = torch.zeros(3, 2, requires_grad=True)
    prediction = Prediction(value, torch.zeros(3, 2), torch.zeros(4), torch.zeros(3, 1))
    labels = torch.tensor([[1.0, NAN], [NAN, NAN], [3.0, -2.0]])
    losses = masked_losses(prediction, labels, torch.tensor([1.0, NAN, NAN, 3.0]))
    torch.testing.assert_close(losses.value.detach(), torch.tensor([2.0, 2.0]))
    assert losses.site_moment.item() == 2.0
    losses.value.sum().backward()
    assert value.grad is not None
    torch.testing.assert_close(value.grad, torch.tensor([[-0.5, 0.0], [0.0, 0.0], [-0.5, 1.0]]))


def test_the_scale_loss_reaches_the_scale_alone_and_is_least_at_the_error() -> None:
    value, log_scale = torch.zeros(1, 1, requires_grad=True), torch.zeros(1, 1, requires_grad=True)
    losses = masked_losses(
        Prediction(value, log_scale, torch.zeros(1), torch.zeros(1, 1)), torch.tensor([[2.0]]), torch.tensor([NAN])
    )
    losses.scale.sum().backward()
    assert value.grad is None or value.grad.abs().sum() == 0
    grid = torch.linspace(-2, 2, 401)
    best = grid[(2.0 * torch.exp(-grid) + grid).argmin()]
    torch.testing.assert_close(best.exp(), torch.tensor(2.0), atol=0.03, rtol=0)


def test_an_error_of_one_is_the_best_constant() -> None:
    labels = torch.tensor([[1.0, 0.0], [2.0, NAN], [9.0, 0.0]])
    centre, scale = robust_scales(labels)
    torch.testing.assert_close(centre, torch.tensor([2.0, 0.0]))
    torch.testing.assert_close(scale, torch.tensor([8 / 3, 1e-6]))
