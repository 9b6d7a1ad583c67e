"""A small network that sees elements and distances alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from screening.graphs.batch import GraphBatch
from screening.networks.blocks import ElementEmbedding, RadialBasis, segment_sum
from screening.networks.outputs import Encoding
from screening.settings import settings_class

_RADIAL_SIZE = 16


@settings_class
class Settings:
    """width: Features of an atom. layers: Rounds of messages."""

    width: int = 64
    layers: int = 2


class Network(nn.Module):
    """Graphs to (N, width) features of atoms and (B, width) features of crystals."""

    def __init__(self, settings: Settings, neighbours: int) -> None:
        super().__init__()
        self.atom_width = self.crystal_width = settings.width
        self.neighbours = neighbours
        self.inference_dtype = torch.float32
        self.element = ElementEmbedding(settings.width)
        self.basis = RadialBasis(_RADIAL_SIZE)
        self.messages = nn.ModuleList(
            nn.Linear(settings.width + _RADIAL_SIZE, settings.width) for _ in range(settings.layers)
        )

    def forward(self, batch: GraphBatch) -> Encoding:
        atom: Tensor = self.element(batch.numbers)
        basis = self.basis(batch.vector.norm(dim=1))
        for message in self.messages:
            edge = message(torch.cat([atom[batch.neighbour], basis], dim=1)) * batch.weight[:, None]
            atom = atom + torch.tanh(segment_sum(edge, batch.centre, len(atom)) / self.neighbours)
        crystal = segment_sum(atom, batch.owner, len(batch)) / batch.n_atoms[:, None]
        return Encoding(atom.float(), crystal)
