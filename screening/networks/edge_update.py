"""The default network: message passing between atoms along edges with their own state.

Each layer updates the edges from both atoms, and the atoms from their edges. Linear maps of atom states are applied
before the gather (N rows instead of E). Angular features enter once at the start. All inputs are distances, elements
or rotation invariants. Edge states can replace explicit angles (Ruff et al., Digital Discovery 3, 594 (2024)).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from screening.graphs.batch import GraphBatch
from screening.networks.angular import AngularFeatures
from screening.networks.blocks import EdgeSum, ElementEmbedding, Perceptron, RadialBasis, segment_max, segment_sum
from screening.networks.linear import Linear, fused_inference, silu
from screening.networks.outputs import Encoding
from screening.settings import setting, settings_class


@settings_class
class Settings:
    """Parameters of the network; the limits are far beyond what is useful."""

    width: int = setting(128, help="channels of an atom", minimum=1, maximum=4096)
    edge_width: int = setting(64, help="channels of an edge", minimum=1, maximum=4096)
    layers: int = setting(4, help="message-passing layers", minimum=0, maximum=100)
    radial_size: int = setting(32, help="radial basis functions", minimum=2, maximum=1024)
    angular_channels: int = setting(
        6, help="channels of the angular power spectrum; 0: no angular features", minimum=0, maximum=256
    )
    # Energies and gaps depend on the whole crystal, beyond the reach of a few neighbours (like the global state of Chen
    # et al., Chem. Mater. 31, 3564 (2019)).
    crystal_state: bool = setting(
        True, help="whether each atom also receives the mean over its crystal after every layer"
    )
    # The mean of a non-linear map is a sum over sites, like an energy.
    readout_width: int = setting(
        256,
        help="hidden channels of a perceptron applied to each atom before pooling; 0: none",
        minimum=0,
        maximum=8192,
    )


class _Layer(nn.Module):
    def __init__(self, width: int, edge_width: int, last: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.from_centre = Linear(width, edge_width)
        self.from_neighbour = Linear(width, edge_width, bias=False)
        self.from_edge = Linear(edge_width, edge_width, bias=False)
        self.to_edge = None if last else Linear(edge_width, edge_width)
        self.to_atom = Linear(edge_width, width)
        self.update = Perceptron(2 * width, 2 * width, width, last_scale=0.5)

    def forward(self, atom: Tensor, edge: Tensor, batch: GraphBatch, edge_sum: EdgeSum) -> tuple[Tensor, Tensor]:
        normed = self.norm(atom).to(edge.dtype)
        # in place where gradients allow it: allocating memory costs more than the arithmetic
        hidden = self.from_centre(normed).index_select(0, batch.centre)
        hidden += self.from_neighbour(normed).index_select(0, batch.neighbour)
        hidden = silu(self.from_edge.plus(edge, hidden))
        # the map to the atoms is linear, so it can follow the sum: N rows instead of E
        message = self.to_atom(edge_sum(hidden))
        atom = atom + self.update(torch.cat([normed, message.to(normed.dtype)], dim=1))
        if self.to_edge is not None:
            edge = self.to_edge.plus(hidden, edge)
        return atom, edge


class _CrystalState(nn.Module):
    """Adds to every atom a map of the mean over its crystal."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.update = Perceptron(width, width, width, last_scale=0.5)

    def forward(self, atom: Tensor, batch: GraphBatch, owner: Tensor) -> Tensor:
        mean = segment_sum(atom, owner, len(batch)) / batch.n_atoms[:, None]
        return atom + self.update(self.norm(mean)).index_select(0, owner)


class Network(nn.Module):
    """Maps graphs to (N, width) atom and (B, 2 width) crystal features."""

    def __init__(self, settings: Settings, neighbours: int) -> None:
        super().__init__()
        width, edge_width = settings.width, settings.edge_width
        self.atom_width, self.crystal_width = width, 2 * width
        self.neighbours = neighbours
        self.inference_dtype = torch.float32
        self.element = ElementEmbedding(width)
        self.element_to_edge = ElementEmbedding(2 * edge_width)
        self.basis = RadialBasis(settings.radial_size)
        self.edge_in = Linear(settings.radial_size, edge_width)
        self.edge_mix = Linear(edge_width, edge_width)
        self.angular = (
            AngularFeatures(width, settings.angular_channels, edge_width) if settings.angular_channels else None
        )
        self.layers = nn.ModuleList(
            _Layer(width, edge_width, last=i == settings.layers - 1) for i in range(settings.layers)
        )
        self.states = nn.ModuleList(
            _CrystalState(width) for _ in range(settings.layers - 1 if settings.crystal_state else 0)
        )
        self.norm = nn.LayerNorm(width)
        self.readout = Perceptron(width, settings.readout_width, width) if settings.readout_width else None

    def forward(self, batch: GraphBatch) -> Encoding:
        distance = batch.vector.norm(dim=1)
        dtype = self.inference_dtype if fused_inference(batch.vector) else torch.float32
        to_centre, to_neighbour = self.element_to_edge(batch.numbers).to(dtype).chunk(2, dim=1)
        edge = to_centre.index_select(0, batch.centre)
        edge += to_neighbour.index_select(0, batch.neighbour)
        edge = self.edge_mix(silu(self.edge_in.plus(self.basis(distance).to(dtype), edge)))
        atom = self.element(batch.numbers)
        edge_sum = EdgeSum(batch.centre, batch.weight / self.neighbours, len(atom))
        if self.angular is not None:
            direction = batch.vector / distance[:, None]
            atom = atom + self.angular(edge, direction, batch.weight, edge_sum)
        owner = batch.owner
        for i, layer in enumerate(self.layers):
            atom, edge = layer(atom, edge, batch, edge_sum)
            if i < len(self.states):
                atom = self.states[i](atom, batch, owner)
        atom = self.norm(atom)
        if self.readout is not None:
            atom = self.readout(atom.to(dtype))
        atom = atom.float()
        mean = segment_sum(atom, owner, len(batch)) / batch.n_atoms[:, None]
        return Encoding(atom, torch.cat([mean, segment_max(atom, owner, len(batch))], dim=1))
