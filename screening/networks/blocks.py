"""Building blocks of networks: distance bases, segment sums, embeddings, perceptrons."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from screening.networks.element_properties import PROPERTIES
from screening.networks.linear import Linear, fused_inference
from screening.networks.outputs import MAX_ATOMIC_NUMBER


def segment_sum(values: Tensor, segment: Tensor, n_segments: int) -> Tensor:
    """Sum (M, C) rows by segment number into (n_segments, C), in float32."""
    # on a CPU scatter_add with an expanded index is 4x faster than index_add
    out = torch.zeros(n_segments, values.shape[1], dtype=torch.float32, device=values.device)
    return out.scatter_add(0, segment[:, None].expand_as(values), values.float())


class EdgeSum:
    """Weighted sums over the edges of each atom; edges must be sorted by centre."""

    def __init__(self, centre: Tensor, weight: Tensor, n_atoms: int) -> None:
        self.centre, self.weight, self.n_atoms = centre, weight, n_atoms
        self.bags: tuple[Tensor, Tensor] | None = None
        if fused_inference(weight):
            degree = torch.bincount(centre, minlength=n_atoms)
            self.bags = torch.arange(len(centre)), degree.cumsum(0) - degree

    def __call__(self, values: Tensor, weight: Tensor | None = None) -> Tensor:
        """Sum (E, C) values into (n_atoms, C), with weights (E,), by default those of the edges."""
        weight = self.weight if weight is None else weight
        if self.bags is not None:
            # one pass, without an (E, C) product
            rows, offsets = self.bags
            return nn.functional.embedding_bag(
                rows, values, offsets, mode="sum", per_sample_weights=weight.to(values.dtype)
            )
        return segment_sum(values * weight[:, None].to(values.dtype), self.centre, self.n_atoms)


def segment_max(values: Tensor, segment: Tensor, n_segments: int) -> Tensor:
    """Maxima of (M, C) rows by segment number, (n_segments, C); every segment must have a row."""
    out = torch.zeros(n_segments, values.shape[1], dtype=values.dtype, device=values.device)
    return out.scatter_reduce(0, segment[:, None].expand_as(values), values, "amax", include_self=False)


class ElementEmbedding(nn.Module):
    """Embeds (N,) atomic numbers as (N, width): a free vector of each element plus a linear map of its properties.

    Through the properties, elements learn from similar ones; for rare elements this is most of what is learned. The
    properties are set once before training (`describe`) and saved with the weights.
    """

    properties: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.free = nn.Parameter(torch.randn(MAX_ATOMIC_NUMBER + 1, width))
        self.from_properties = nn.Linear(len(PROPERTIES), width)
        self.register_buffer("properties", torch.zeros(MAX_ATOMIC_NUMBER + 1, len(PROPERTIES)))

    def describe(self, properties: Tensor) -> None:
        """Set the standardised properties, (MAX_ATOMIC_NUMBER + 1, len(PROPERTIES))."""
        self.properties.copy_(properties)

    def forward(self, numbers: Tensor) -> Tensor:
        return (self.free + self.from_properties(self.properties))[numbers]


class RadialBasis(nn.Module):
    """Gaussians of the logarithm of a distance: (E,) distances in Å -> (E, size).

    Across the periodic table, bond lengths vary by ratios rather than by fixed differences; the scale is fine at bond
    lengths and coarse beyond.
    """

    centres: Tensor

    def __init__(self, size: int = 48, shortest_A: float = 0.6, longest_A: float = 8.0) -> None:
        super().__init__()
        centres = torch.linspace(float(torch.tensor(shortest_A).log()), float(torch.tensor(longest_A).log()), size)
        self.register_buffer("centres", centres, persistent=False)
        self.inverse_width = 1.0 / float(centres[1] - centres[0])

    def forward(self, distance_A: Tensor) -> Tensor:
        offset = (distance_A.log()[:, None] - self.centres).mul_(self.inverse_width)
        # far Gaussians would be subnormal numbers, which are slow
        return offset.square_().mul_(-0.5).clamp_(min=-40.0).exp_()


class Perceptron(nn.Sequential):
    """Linear, SiLU, Linear; `last_scale` scales the initial output weights, for residual branches."""

    def __init__(self, n_in: int, n_hidden: int, n_out: int, *, last_scale: float = 1.0) -> None:
        first, last = Linear(n_in, n_hidden), Linear(n_hidden, n_out)
        super().__init__(first, nn.SiLU(), last)
        with torch.no_grad():
            last.weight.mul_(last_scale)
            nn.init.zeros_(last.bias)

    def forward(self, input: Tensor) -> Tensor:
        first, last = cast(Linear, self[0]), self[2]
        return cast(Tensor, last(first.activated(input)))
