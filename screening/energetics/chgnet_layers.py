"""The layers of CHGNet with the weights of the package's modules, their first maps applied before the gathers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from screening.energetics.chgnet_graph import BondAngleGraph

_WIDTH = 64


def _linear_layers(mlp: Any) -> list[nn.Linear]:
    return [layer for layer in mlp.layers if isinstance(layer, nn.Linear)]


class GatedMap(nn.Module):
    """The package's `GatedMLP` of several features side by side, split where they join.

    `part(k, x)` maps feature k alone; the sum of all parts, gathered to where they belong, goes into `forward`.
    """

    def __init__(self, gated: Any, widths: Sequence[int]) -> None:
        super().__init__()
        core, gate = _linear_layers(gated.mlp_core), _linear_layers(gated.mlp_gate)
        weight = torch.cat([core[0].weight, gate[0].weight]).detach()
        for k, part in enumerate(weight.split(list(widths), dim=1)):
            self.register_buffer(f"weight_{k}", part.contiguous())
        self.register_buffer("bias", torch.cat([core[0].bias, gate[0].bias]).detach())
        self.core: nn.Module | None = core[1] if len(core) > 1 else None
        self.gate: nn.Module | None = gate[1] if len(gate) > 1 else None
        self.core_norm, self.gate_norm = gated.bn1, gated.bn2

    def part(self, k: int, feature: Tensor, *, biased: bool = False) -> Tensor:
        """(n, 128): what feature k contributes; one of the parts carries the bias."""
        return linear(feature, self.get_buffer(f"weight_{k}"), self.get_buffer("bias") if biased else None)

    def forward(self, total: Tensor) -> Tensor:
        """(n, 128) sums of parts to (n, 64) features."""
        if self.core is not None and self.gate is not None:
            left, right = silu(total).chunk(2, dim=1)
            core, gate = self.core(left), self.gate(right)
        else:
            core, gate = total.chunk(2, dim=1)
        return silu(self.core_norm(core)) * torch.sigmoid(self.gate_norm(gate))


class AtomUpdate(nn.Module):
    """Atoms from their bonds, both directions of each (`AtomConv`)."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.message, self.out = GatedMap(layer.twoBody_atom, (_WIDTH, _WIDTH, _WIDTH)), layer.mlp_out

    def forward(self, atom: Tensor, bond: Tensor, weight: Tensor, graph: BondAngleGraph) -> Tensor:
        here, there = torch.cat([graph.start, graph.end]), torch.cat([graph.end, graph.start])
        total = self.message.part(0, atom).index_select(0, here) + self.message.part(2, atom).index_select(0, there)
        both = (2, *bond.shape)
        total = total.view(2, len(bond), 2 * _WIDTH) + self.message.part(1, bond, biased=True)
        message = self.message(total.flatten(0, 1)).view(both) * weight
        sums = torch.zeros_like(atom).index_add_(0, here, message.flatten(0, 1))
        return self.out(sums) + atom


class _AngleMap(nn.Module):
    """A gated map over angles: of the bond it is read from, the other bond, the angle and the atom between."""

    def __init__(self, gated: Any) -> None:
        super().__init__()
        self.gated = GatedMap(gated, (_WIDTH, _WIDTH, _WIDTH, _WIDTH))

    def forward(self, atom: Tensor, bond: Tensor, angle: Tensor, graph: BondAngleGraph) -> Tensor:
        own = self.gated.part(3, atom, biased=True).index_select(0, graph.centre).view(2, len(bond), 2 * _WIDTH)
        own = (own + self.gated.part(0, bond)).flatten(0, 1)
        total = own.index_select(0, graph.own) + self.gated.part(1, bond).index_select(0, graph.other_bond)
        return self.gated(total + self.gated.part(2, angle))


class BondUpdate(nn.Module):
    """Short bonds from their angles (`BondConv`)."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.message, self.out = _AngleMap(layer.twoBody_bond), layer.mlp_out

    def forward(self, atom: Tensor, bond: Tensor, weight: Tensor, angle: Tensor, graph: BondAngleGraph) -> Tensor:
        message = self.message(atom, bond, angle, graph) * weight.index_select(0, graph.other_bond)
        sums = torch.zeros_like(bond).index_add_(0, graph.own_bond, message)
        return self.out(sums * weight) + bond


class AngleUpdate(nn.Module):
    """Angles from their bonds and atom (`AngleUpdate`)."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.message = _AngleMap(layer.twoBody_bond)

    def forward(self, atom: Tensor, bond: Tensor, angle: Tensor, graph: BondAngleGraph) -> Tensor:
        return self.message(atom, bond, angle, graph) + angle
