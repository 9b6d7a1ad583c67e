"""Pieces that networks are built from: distance bases, segment sums, pooling."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from screening.networks.linear import Linear


def segment_sum(values: Tensor, segment: Tensor, n_segments: int) -> Tensor:
    """(n_segments, C) sums of (M, C) rows by segment number, accumulated in float32."""
    # scatter_add on an expanded index is 4x faster on a CPU than index_add
    out = torch.zeros(n_segments, values.shape[1], dtype=torch.float32, device=values.device)
    return out.scatter_add(0, segment[:, None].expand_as(values), values.float())


def segment_max(values: Tensor, segment: Tensor, n_segments: int) -> Tensor:
    """(n_segments, C) maxima of (M, C) rows by segment number; every segment must have a row."""
    out = torch.zeros(n_segments, values.shape[1], dtype=values.dtype, device=values.device)
    return out.scatter_reduce(0, segment[:, None].expand_as(values), values, "amax", include_self=False)


class RadialBasis(nn.Module):
    """Gaussians on a logarithmic distance scale: fine where bonds are, coarse where they are not.

    (E,) distances in Å -> (E, size). Bond lengths differ by ratios rather than by ångströms across the periodic table.
    """

    centres: Tensor

    def __init__(self, size: int = 48, shortest_A: float = 0.6, longest_A: float = 8.0) -> None:
        super().__init__()
        centres = torch.linspace(float(torch.tensor(shortest_A).log()), float(torch.tensor(longest_A).log()), size)
        self.register_buffer("centres", centres, persistent=False)
        self.inverse_width = 1.0 / float(centres[1] - centres[0])

    def forward(self, distance_A: Tensor) -> Tensor:
        offset = (distance_A.log()[:, None] - self.centres) * self.inverse_width
        return torch.exp(-0.5 * offset * offset)


def perceptron(n_in: int, n_hidden: int, n_out: int, *, last_scale: float = 1.0) -> nn.Sequential:
    """Linear, SiLU, Linear; `last_scale` shrinks the output weights at the start (residual branches)."""
    first, last = Linear(n_in, n_hidden), Linear(n_hidden, n_out)
    with torch.no_grad():
        last.weight.mul_(last_scale)
        nn.init.zeros_(last.bias)
    return nn.Sequential(first, nn.SiLU(), last)
