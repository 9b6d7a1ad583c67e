"""Linear maps of potentials: their weights never change, so gradients go to their inputs alone."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from screening.networks.linear import fixed_product


class _Product(torch.autograd.Function):
    """x W^T + b + other, where W and b are fixed: no gradient of theirs is made."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, transposed: Tensor, bias: Tensor | None, other: Tensor | None
    ) -> Tensor:
        ctx.transposed = transposed
        return fixed_product(x, weight, bias, other)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        gradient = gradients[0]
        own = fixed_product(gradient, ctx.transposed) if ctx.needs_input_grad[0] else None
        return own, None, None, None, gradient if ctx.needs_input_grad[4] else None


class FixedLinear(nn.Module):
    """A linear map whose weights stay as they are."""

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        super().__init__()
        self.register_buffer("weight", weight.detach().contiguous())
        self.register_buffer("transposed", weight.detach().T.contiguous())
        self.register_buffer("bias", None if bias is None else bias.detach().clone())

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        """(n, in) to (n, out), plus `other` (n, out) if given."""
        return _Product.apply(x, self.weight, self.transposed, self.bias, other)
