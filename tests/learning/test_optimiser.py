"""The optimiser against PyTorch's own Muon and AdamW, and its state through a checkpoint."""

from __future__ import annotations

import copy

import torch
from torch import nn

from screening.learning.optimiser import MatrixAdamW, orthogonalised


def _gradients(model: nn.Module, step: int) -> None:
    generator = torch.Generator().manual_seed(step)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def _model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(24, 12), nn.Linear(12, 24), nn.Linear(24, 12))


def test_singular_values_come_to_one_whatever_the_shape() -> None:
    torch.manual_seed(0)
    for shape in ((3, 32, 32), (2, 48, 16), (1, 16, 48)):
        values = torch.linalg.svdvals(orthogonalised(torch.randn(shape)))
        assert values.min() > 0.3 and values.max() < 1.3


def test_matrices_move_as_with_pytorchs_muon() -> None:
    ours, theirs = _model(), _model()
    matrices = [layer.weight for layer in ours]
    optimiser = MatrixAdamW([{"params": matrices, "orthogonal": True, "weight_decay": 0.1}], lr=0.02)
    peer = torch.optim.Muon(
        [layer.weight for layer in theirs], lr=0.02, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    for step in range(5):
        _gradients(ours, step)
        _gradients(theirs, step)
        optimiser.step()
        peer.step()
    for mine, other in zip(ours, theirs, strict=True):
        # both iterate in bf16, in another order
        torch.testing.assert_close(mine.weight, other.weight, atol=2e-3, rtol=0)


def test_everything_else_moves_as_with_pytorchs_adamw() -> None:
    ours, theirs = _model(), _model()
    optimiser = MatrixAdamW([{"params": list(ours.parameters()), "weight_decay": 0.1}], lr=0.01, betas=(0.9, 0.98))
    peer = torch.optim.AdamW(theirs.parameters(), lr=0.01, betas=(0.9, 0.98), weight_decay=0.1)
    for step in range(5):
        _gradients(ours, step)
        _gradients(theirs, step)
        optimiser.step()
        peer.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other)


def test_a_restored_state_goes_on_as_if_never_stopped() -> None:
    def make(model: nn.Sequential) -> MatrixAdamW:
        matrices = [layer.weight for layer in model]
        biases = [layer.bias for layer in model]
        return MatrixAdamW([{"params": matrices, "orthogonal": True}, {"params": biases}], lr=0.01)

    whole = _model()
    optimiser = make(whole)
    for step in range(6):
        if step == 3:
            weights, state = copy.deepcopy(whole.state_dict()), copy.deepcopy(optimiser.state_dict())
        _gradients(whole, step)
        optimiser.step()
    resumed = _model()
    resumed.load_state_dict(weights)
    optimiser = make(resumed)
    optimiser.load_state_dict(state)
    for step in range(3, 6):
        _gradients(resumed, step)
        optimiser.step()
    for mine, other in zip(resumed.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=0, atol=0)
