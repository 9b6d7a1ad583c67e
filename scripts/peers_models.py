"""The networks that `compare_peers.py` trains: ours, CGCNN and MEGNet, each with the graph that it was published with.

All read the same packed tensors, so none pays for collating Python objects, and all predict both targets with one
network. A contestant turns a batch of graphs into (B, T) values in standardised units and a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from screening.crystals.packed import PackedCrystals
from screening.graphs.batch import GraphBatch, GraphSet, build_graph_set
from screening.graphs.nearest import GraphSettings
from screening.graphs.neighbours import neighbour_pairs
from screening.learning.losses import masked_losses
from screening.learning.module import OptimiserSettings, PropertyLearning
from screening.networks.architectures import build_network
from screening.networks.model import PropertyModel

CGCNN_NEIGHBOURS, CGCNN_CUTOFF_A, CGCNN_STEP_A = 12, 8.0, 0.2
MEGNET_CUTOFF_A = 4.0
_LARGEST = 103
_CHUNK = 512

BuildGraphs = Callable[[PackedCrystals], GraphSet]
Loss = Callable[[GraphBatch, Tensor], Tensor]
Values = Callable[[GraphBatch], Tensor]


@dataclass(frozen=True)
class Contestant:
    """module: what is trained; loss: of a batch with (B, T) standardised labels; values: (B, T), standardised."""

    module: nn.Module
    loss: Loss
    values: Values
    optimiser: torch.optim.Optimizer

    @property
    def parameters(self) -> int:
        """Trainable numbers."""
        return sum(p.numel() for p in self.module.parameters() if p.requires_grad)


@dataclass(frozen=True)
class Peer:
    """title: in the table; graphs: of a data set; make: a contestant for these targets and a learning rate."""

    title: str
    graphs: BuildGraphs
    make: Callable[[Sequence[str], float | None], Contestant]


def cutoff_graphs(crystals: PackedCrystals, cutoff_A: float, nearest: int | None = None) -> GraphSet:
    """All pairs within a cutoff, or only the nearest ones of each atom; every edge weighs 1."""
    parts = [
        _cutoff_part(crystals.chunk(start, min(start + _CHUNK, len(crystals))), cutoff_A, nearest)
        for start in range(0, len(crystals), _CHUNK)
    ]
    zero = torch.zeros(1, dtype=torch.int64)
    n_edges, centre, neighbour, vector = (torch.cat(part) for part in zip(*parts, strict=True))
    return GraphSet(
        torch.as_tensor(np.asarray(crystals.numbers, dtype=np.int16)),
        torch.as_tensor(np.asarray(crystals.offsets)),
        torch.cat([zero, n_edges.cumsum(0)]),
        centre,
        neighbour,
        vector,
        torch.ones(len(centre)),
        torch.as_tensor(crystals.volume_A3, dtype=torch.float32),
    )


def _cutoff_part(crystals: PackedCrystals, cutoff_A: float, nearest: int | None) -> tuple[Tensor, ...]:
    pairs = neighbour_pairs(crystals, np.full(len(crystals), cutoff_A))
    order = torch.from_numpy(np.lexsort((pairs.distance.numpy(), pairs.centre.numpy())))
    pairs = pairs.take(order)
    if nearest is not None:
        counts = torch.bincount(pairs.centre, minlength=len(crystals.numbers))
        place = torch.arange(len(pairs.centre)) - (counts.cumsum(0) - counts)[pairs.centre]
        pairs = pairs.take(torch.nonzero(place < nearest)[:, 0])
    owner = torch.as_tensor(crystals.owner)
    first = torch.as_tensor(np.asarray(crystals.offsets[:-1]))[owner]
    local = [(atoms - first[atoms]).int() for atoms in (pairs.centre, pairs.neighbour)]
    return torch.bincount(owner[pairs.centre], minlength=len(crystals)), *local, pairs.vectors().float()


def make_ours(targets: Sequence[str], _: float | None = None) -> Contestant:
    """This package's network with its own defaults, without site moments."""
    network = build_network("edge_update", {}, GraphSettings().neighbours)
    model = PropertyModel([network], targets)
    model.describe_elements()
    settings = OptimiserSettings(total_steps=1)
    learning: Any = PropertyLearning(model, settings)

    def loss(graphs: GraphBatch, labels: Tensor) -> Tensor:
        parts = masked_losses(model(graphs), labels, labels.new_full((len(graphs.numbers),), torch.nan))
        return parts.value.sum() + settings.scale_weight * parts.scale.sum()

    optimiser = learning.configure_optimizers()["optimizer"]
    return Contestant(model, loss, lambda graphs: model(graphs).value, optimiser)


class Cgcnn(nn.Module):
    """CGCNN (Xie and Grossman, Phys. Rev. Lett. 120, 145301 (2018)) from PyTorch Geometric's `CGConv`.

    Three convolutions of 64 channels with batch norm, mean over atoms, one hidden layer of 128. Elements have a learned
    embedding in place of the published table of descriptors.
    """

    def __init__(self, n_targets: int, width: int = 64, layers: int = 3, hidden: int = 128) -> None:
        from torch_geometric.nn import CGConv

        super().__init__()
        self.centres = nn.Buffer(torch.arange(0.0, CGCNN_CUTOFF_A + 1e-6, CGCNN_STEP_A))
        self.embedding = nn.Embedding(_LARGEST + 1, width)
        edge_width = len(self.centres)
        self.layers = nn.ModuleList(CGConv(width, edge_width, batch_norm=True) for _ in range(layers))
        self.head = nn.Sequential(nn.Softplus(), nn.Linear(width, hidden), nn.Softplus(), nn.Linear(hidden, n_targets))

    def forward(self, graphs: GraphBatch) -> Tensor:
        """(B, T)."""
        distance = graphs.vector.norm(dim=1, keepdim=True)
        edges = torch.exp(-(((distance - self.centres) / CGCNN_STEP_A) ** 2))
        index = torch.stack([graphs.neighbour, graphs.centre])
        atoms = self.embedding(graphs.numbers)
        for layer in self.layers:
            atoms = nn.functional.softplus(layer(atoms, index, edges))
        pooled = atoms.new_zeros(len(graphs), atoms.shape[1]).index_add(0, graphs.owner, atoms)
        return self.head(pooled / graphs.n_atoms[:, None])


class Megnet(nn.Module):
    """matgl's MEGNet of default size (Chen et al., Chem. Mater. 31, 3564 (2019)) with one output a target."""

    def __init__(self, n_targets: int) -> None:
        from matgl.models import MEGNet

        super().__init__()
        self.model = MEGNet()
        elements = {symbol: place for place, symbol in enumerate(self.model.element_types)}
        places = [elements.get(symbol, 0) for symbol in _symbols()]
        self.places = nn.Buffer(torch.tensor(places))
        last = [module for module in self.model.output_proj.modules() if isinstance(module, nn.Linear)][-1]
        widened = nn.Linear(last.in_features, n_targets)
        _replace(self.model.output_proj, last, widened)

    def forward(self, graphs: GraphBatch) -> Tensor:
        """(B, T); with atoms at the origin, edge vectors are what periodic offsets are."""
        from torch_geometric.data import Data

        graph = Data(
            node_type=self.places[graphs.numbers],
            pos=graphs.vector.new_zeros(len(graphs.numbers), 3),
            edge_index=torch.stack([graphs.centre, graphs.neighbour]),
            pbc_offshift=graphs.vector,
            batch=graphs.owner,
        )
        graph.num_graphs = len(graphs)
        return self.model(graph, graphs.vector.new_zeros(len(graphs), 2)).reshape(len(graphs), -1)


def _symbols() -> list[str]:
    from screening.chemistry.elements import SYMBOLS

    return list(SYMBOLS[: _LARGEST + 1])


def _replace(parent: nn.Module, old: nn.Module, new: nn.Module) -> None:
    for module in parent.modules():
        for name, child in module.named_children():
            if child is old:
                setattr(module, name, new)


def _make_peer(build: Callable[[int], nn.Module]) -> Callable[[Sequence[str], float | None], Contestant]:
    def make(targets: Sequence[str], learning_rate: float | None) -> Contestant:
        module = build(len(targets))
        optimiser = torch.optim.Adam(module.parameters(), lr=learning_rate or 1e-3)

        def loss(graphs: GraphBatch, labels: Tensor) -> Tensor:
            return (module(graphs) - labels).abs().mean(0).sum()

        return Contestant(module, loss, module, optimiser)

    return make


PEERS: dict[str, Peer] = {
    "ours": Peer("screening", lambda crystals: build_graph_set(crystals, GraphSettings()), make_ours),
    "cgcnn": Peer(
        "CGCNN (PyG CGConv)",
        lambda crystals: cutoff_graphs(crystals, CGCNN_CUTOFF_A, CGCNN_NEIGHBOURS),
        _make_peer(Cgcnn),
    ),
    "megnet": Peer("MEGNet (matgl)", lambda crystals: cutoff_graphs(crystals, MEGNET_CUTOFF_A), _make_peer(Megnet)),
}
