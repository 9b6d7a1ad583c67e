"""The optimiser: orthogonalised momentum for the matrices inside the network, AdamW for everything else.

A matrix step is the momentum with all singular values brought to about 1 (Muon; Jordan et al.,
https://kellerjordan.github.io/posts/muon, 2024), scaled to the size of an AdamW step (Liu et al., arXiv:2502.16982), so
that both can use one learning rate. PyTorch's own `torch.optim.Muon` processes matrices one by one; here those of equal
shape are processed together, which matters if a step takes milliseconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import Optimizer

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic iteration, tuned for speed by Jordan et al.
_ITERATIONS = 5


def orthogonalised(matrices: Tensor, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """Orthogonalise matrices by Newton-Schulz iterations.

    bf16 is accurate enough for training, but rounding errors of a gradient may then change a step by some percent.

    Args:
        matrices: (K, n, m) matrices.
        dtype: Precision of the iterations.

    Returns:
        (K, n, m) matrices with singular values near 1 (0.7 to 1.2).
    """
    a, b, c = _COEFFICIENTS
    x = matrices.to(dtype)
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).to(matrices.dtype)


class MatrixAdamW(Optimizer):
    """Muon for parameter groups of matrices with `orthogonal: True`, AdamW for the others."""

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.98),
        momentum: float = 0.95,
        eps: float = 1e-8,
        iterate_in: torch.dtype = torch.bfloat16,
    ) -> None:
        self.iterate_in = iterate_in
        defaults = {"lr": lr, "betas": betas, "momentum": momentum, "eps": eps, "weight_decay": 0.0}
        super().__init__(groups, {**defaults, "orthogonal": False})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Do one update; `closure` recomputes the loss, as in PyTorch."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if group["orthogonal"]:
                self._orthogonal_step(parameters, group)
            elif parameters:
                self._adam_step(parameters, group)
        return loss

    def _orthogonal_step(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        by_shape: dict[torch.Size, list[Tensor]] = defaultdict(list)
        for parameter in parameters:
            by_shape[parameter.shape].append(parameter)
        for shape, matrices in by_shape.items():
            steps = []
            for matrix in matrices:
                average = self._state(matrix, "momentum")
                average.lerp_(matrix.grad, 1 - group["momentum"])  # type: ignore[arg-type]
                steps.append(torch.lerp(matrix.grad, average, group["momentum"]))  # type: ignore[arg-type]
            size = group["lr"] * 0.2 * max(shape) ** 0.5
            for matrix, step in zip(matrices, orthogonalised(torch.stack(steps), self.iterate_in), strict=True):
                matrix.mul_(1 - group["lr"] * group["weight_decay"]).add_(step, alpha=-size)

    def _adam_step(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        first, second = group["betas"]
        group["steps"] = group.get("steps", 0) + 1
        gradients = [p.grad for p in parameters if p.grad is not None]
        means = [self._state(p, "mean") for p in parameters]
        squares = [self._state(p, "square") for p in parameters]
        torch._foreach_lerp_(means, gradients, 1 - first)
        torch._foreach_mul_(squares, second)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - second)
        spread = torch._foreach_sqrt(squares)
        torch._foreach_div_(spread, (1 - second ** group["steps"]) ** 0.5)
        torch._foreach_add_(spread, group["eps"])
        torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_addcdiv_(parameters, means, spread, -group["lr"] / (1 - first ** group["steps"]))

    def _state(self, parameter: Tensor, name: str) -> Tensor:
        state = self.state[parameter]
        if name not in state:
            state[name] = torch.zeros_like(parameter)
        return cast(Tensor, state[name])
