"""The layers of SevenNet-l3i5 with every constant factor inside the weights."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from screening.potentials.fixed_linear import FixedLinear
from screening.potentials.sevennet.harmonics import DEGREES
from screening.potentials.sevennet.padded_bonds import BondBlock, PaddedBonds
from screening.potentials.sevennet.products import Path, WeightedSum, paths

CHANNELS = (128, 64, 32, 32)
"""Features of each degree, between two layers."""
N_LAYERS = 5
SILU_SCALE = 1.6791767923989418
"""By which e3nn scales silu: the mean square of the result is 1 for a million normal numbers of its seed."""

Features = list[Tensor]
"""One tensor (N, 2 degree + 1, channels) for each degree."""


class DegreeLinear(nn.Module):
    """A linear map of each degree's channels."""

    def __init__(self, weight: Tensor, shapes: list[tuple[int, int]], factor: float = 1.0) -> None:
        super().__init__()
        parts = weight.double().split([a * b for a, b in shapes])
        maps = [part.view(shape).T * (factor / shape[0] ** 0.5) for part, shape in zip(parts, shapes, strict=True)]
        self.maps = nn.ModuleList(FixedLinear(map_) for map_ in maps)

    def forward(self, features: Features, others: Features | None = None) -> Features:
        """The mapped features, plus others where there are any; degrees without a map are dropped."""
        result = []
        for map_, part, other in zip_longest(self.maps, features, others or []):
            if map_ is not None:
                plus = None if other is None else other.flatten(0, 1)
                result.append(map_(part.flatten(0, 1), plus).view(*part.shape[:2], -1))
        return result


class RadialNetwork(nn.Module):
    """From the embedding of a bond's length to the weights of all channels of all paths."""

    def __init__(self, weights: list[Tensor]) -> None:
        super().__init__()
        scales = (1.0, SILU_SCALE, SILU_SCALE)
        self.maps = nn.ModuleList(
            FixedLinear(weight.double().T * (scale / len(weight) ** 0.5))
            for weight, scale in zip(weights, scales, strict=True)
        )

    def hidden(self, embedding: Tensor) -> Tensor:
        """(E, 8) to (E, 64)."""
        first, second, _ = self.maps
        return silu(second(silu(first(embedding))))

    def last(self, hidden: Tensor) -> Tensor:
        """(E, 64) to (E, weights)."""
        return self.maps[2](hidden)


class Interaction(nn.Module):
    """One layer: messages along all bonds, and what an atom makes of them."""

    def __init__(self, weights: Mapping[str, Tensor], layer: int) -> None:
        super().__init__()
        channels = CHANNELS[:1] if layer == 0 else CHANNELS
        largest = 0 if layer == N_LAYERS - 1 else DEGREES[-1]
        self.gated = list(CHANNELS[1 : largest + 1])
        outputs = [CHANNELS[0] + sum(self.gated), *self.gated]
        self.paths = paths(DEGREES[: len(channels)], largest)
        self.widths = [channels[path.of] for path in self.paths]
        summed = [0] * (largest + 1)
        for path, width in zip(self.paths, self.widths, strict=True):
            summed[path.to] += width

        def of(name: str) -> Tensor:
            return weights[f"{layer}_{name}.weight"]

        self.before = DegreeLinear(of("self_interaction_1.linear"), [(width, width) for width in channels])
        self.skip = DegreeLinear(of("self_connection_intro.linear"), list(zip(channels, outputs, strict=False)))
        after, neighbors = list(zip(summed, outputs, strict=True)), float(weights[f"{layer}_convolution.denominator"])
        self.after = DegreeLinear(of("self_interaction_2.linear"), after, 1 / neighbors)
        self.radial = RadialNetwork([of(f"convolution.weight_nn.layer{i}") for i in range(3)])

    def forward(
        self, features: Features, embedding: Tensor, bonds: PaddedBonds, maps: list[dict[Path, Tensor]]
    ) -> Features:
        """The features after this layer; embedding: (E + 1, 8) of the bonds, maps: of each block."""
        sent, hidden = self.before(features), self.radial.hidden(embedding)
        blocks = [self._messages(sent, hidden, block, own) for block, own in zip(bonds.blocks, maps, strict=True)]
        messages = [torch.cat(parts) for parts in zip(*blocks, strict=True)]
        return self._gate(self.after(messages, self.skip(features)))

    def _messages(self, sent: Features, hidden: Tensor, block: BondBlock, maps: dict[Path, Tensor]) -> Features:
        """The sums over the bonds of the atoms of a block."""
        size_ = block.bond.shape
        weights = self.radial.last(hidden.index_select(0, block.bond.flatten())).view(*size_, -1)
        there = block.neighbor.flatten()
        at_bonds = [part.index_select(0, there).view(*size_, *part.shape[1:]) for part in sent]
        found: list[list[Tensor]] = [[] for _ in self.after.maps]
        for path, weight in zip(self.paths, weights.split(self.widths, dim=2), strict=True):
            found[path.to].append(WeightedSum.apply(maps[path], at_bonds[path.of], weight))
        return [torch.cat(parts, dim=2) for parts in found]

    def _gate(self, features: Features) -> Features:
        scalars, *gates = (SILU_SCALE * silu(features[0])).split([CHANNELS[0], *self.gated], dim=2)
        return [scalars, *(part * gate for part, gate in zip(features[1:], gates, strict=True))]
