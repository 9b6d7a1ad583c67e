"""The layers of CHGNet with the weights of the package's modules, their first maps applied before the gathers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from screening.potentials.chgnet.bond_graph import BondAngleGraph
from screening.potentials.fixed_linear import FixedLinear

_WIDTH = 64


def _linear_layers(mlp: Any) -> list[nn.Linear]:
    return [layer for layer in mlp.layers if isinstance(layer, nn.Linear)]


class GatedMap(nn.Module):
    """The package's `GatedMLP` of several features side by side, split where they join.

    `parts[k]` maps feature k alone; the sum of all, gathered to where they belong, goes into `forward`. One part
    carries the bias.
    """

    def __init__(self, gated: Any, n_features: int, biased: int) -> None:
        super().__init__()
        core, gate = _linear_layers(gated.mlp_core), _linear_layers(gated.mlp_gate)
        weight, bias = torch.cat([core[0].weight, gate[0].weight]), torch.cat([core[0].bias, gate[0].bias])
        self.parts = nn.ModuleList(
            FixedLinear(part, bias if k == biased else None) for k, part in enumerate(weight.chunk(n_features, dim=1))
        )
        self.has_hidden = len(core) > 1
        if self.has_hidden:
            self.core, self.gate = (FixedLinear(mlp[1].weight, mlp[1].bias) for mlp in (core, gate))
        self.core_norm, self.gate_norm = gated.bn1, gated.bn2

    def forward(self, total: Tensor) -> Tensor:
        """(n, 128) sums of parts to (n, 64) features."""
        if self.has_hidden:
            left, right = silu(total).chunk(2, dim=1)
            core, gate = self.core(left), self.gate(right)
        else:
            core, gate = total.chunk(2, dim=1)
        return silu(self.core_norm(core)) * torch.sigmoid(self.gate_norm(gate))


class AtomUpdate(nn.Module):
    """Atoms from their bonds, both directions of each (`AtomConv`)."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.message, self.out = GatedMap(layer.twoBody_atom, 3, biased=1), layer.mlp_out

    def forward(self, atom: Tensor, bond: Tensor, weight: Tensor, graph: BondAngleGraph) -> Tensor:
        here, there = torch.cat([graph.start, graph.end]), torch.cat([graph.end, graph.start])
        centre, of_bond, neighbour = self.message.parts
        total = centre(atom).index_select(0, here) + neighbour(atom).index_select(0, there)
        both = (2, *bond.shape)
        total = total.view(2, len(bond), 2 * _WIDTH) + of_bond(bond)
        message = self.message(total.flatten(0, 1)).view(both) * weight
        sums = torch.zeros_like(atom).index_add_(0, here, message.flatten(0, 1))
        return self.out(sums) + atom


class _AngleMap(nn.Module):
    """A gated map over angles: of the bond it is read from, the other bond, the angle and the atom between."""

    def __init__(self, gated: Any) -> None:
        super().__init__()
        self.gated = GatedMap(gated, 4, biased=3)

    def forward(self, atom: Tensor, bond: Tensor, angle: Tensor, graph: BondAngleGraph) -> Tensor:
        of_own, of_other, of_angle, of_atom = self.gated.parts
        own = of_atom(atom).index_select(0, graph.centre).view(2, len(bond), 2 * _WIDTH) + of_own(bond)
        total = own.flatten(0, 1).index_select(0, graph.own) + of_other(bond).index_select(0, graph.other_bond)
        return self.gated(of_angle(angle, total))


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
