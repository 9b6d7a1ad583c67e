"""CHGNet on whole batches, with the weights that its package carries (Deng et al., Nat. Mach. Intell. 5, 1031 (2023)).

The same function as the package computes, arranged so that less is computed:

- Maps of concatenated features are applied part by part, before the gather: to atoms, bonds and directed short bonds
  instead of to directed bonds and angles, of which there are many times more.
- A bond's two directions share its features, so only the parts that come from atoms differ between them.
- Bonds longer than the bond graph's cutoff never change their features; the last angle update is used by nothing.
- Energies depend on bond vectors alone, so forces and stress are sums over bonds of one gradient.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from screening.errors import RequestError
from screening.networks.streaming import keep_freed_memory
from screening.potentials.base import Potential, PotentialOutput
from screening.potentials.chgnet.bond_graph import BondAngleGraph, build_graph
from screening.potentials.chgnet.layers import AngleUpdate, AtomUpdate, BondUpdate
from screening.potentials.state import CrystalState

_WEIGHTS = "pretrained/0.3.0/chgnet_0.3.0_e29f68s314m37.pth.tar"
_HEAVIEST = 94
_WITHIN = 1 - 1e-6  # the package keeps the arc cosine off its poles by this factor
_BATCH_ATOMS = {"cpu": 256, "cuda": 8192}


class ChgnetPotential(Potential):
    """CHGNet 0.3.0: the network of the package chgnet, evaluated in batches."""

    name = "chgnet"
    elements = frozenset(range(1, _HEAVIEST + 1))
    shareable = True

    def __init__(self, network: Any, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        self.device, self.dtype = device, dtype
        self.network = BatchedChgnet(network).to(device, dtype).eval().requires_grad_(False)
        self.batch_atoms, self.checkpoint = _BATCH_ATOMS[device.type], _weights()
        if device.type == "cpu":
            keep_freed_memory()

    @classmethod
    def load(cls, argument: str, device: torch.device) -> ChgnetPotential:
        """The weights 0.3.0; there are no others to choose. Raises RequestError for an argument."""
        if argument:
            raise RequestError("chgnet takes nothing after its name")
        return cls(chgnet_module(), device)

    def evaluate(self, state: CrystalState, forces: bool = True) -> PotentialOutput:
        """As the package's `predict_structure`, for many crystals and in eV, Å and µB."""
        graph = build_graph(state, self.dtype)
        vector, back = (part.clone().requires_grad_(forces) for part in (graph.vector, graph.back))
        with torch.set_grad_enabled(forces):
            site_energy, moment = self.network(state.numbers, graph, vector, back)
        energy = self.network.get_buffer("element_energy")[state.numbers - 1].double() + site_energy.detach().double()
        total = energy.new_zeros(len(state)).index_add_(0, state.owner, energy)
        if not forces:
            return PotentialOutput(total)
        gradient, gradient_back = torch.autograd.grad(site_energy.sum(), (vector, back))
        gradient[: graph.n_short] -= gradient_back
        force, stress = _forces_and_stress(state, graph, gradient.double())
        return PotentialOutput(total, force, stress, moment.detach().double())


def chgnet_module() -> Any:
    """The package's `CHGNet` module with its weights 0.3.0, read as tensors and plain values only.

    Raises:
        RequestError: The file of the weights is damaged.
    """
    weights = _checked(_weights())
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its size
        from chgnet.model.model import CHGNet

        content = torch.load(weights, map_location="cpu", weights_only=True)
        return CHGNet.from_dict(content["model"], mlp_out_bias=False, version="0.3.0")


def _checked(file: Path) -> Path:
    """The same file, which is a zip archive, once its checksums hold: PyTorch does not look at them."""
    try:
        with zipfile.ZipFile(file) as archive:
            damaged = archive.testzip()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        damaged = str(error)
    if damaged is not None:
        raise RequestError(f"{file} is damaged ({damaged}); install the package chgnet again")
    return file


def _weights() -> Path:
    import chgnet

    return Path(chgnet.__file__).parent / _WEIGHTS


def _forces_and_stress(state: CrystalState, graph: BondAngleGraph, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """From the derivative of the energy by each bond vector: sums over the bonds, the virial over the volume."""
    force = torch.zeros_like(state.frac)
    force.index_add_(0, graph.start, gradient).index_add_(0, graph.end, -gradient)
    products = (graph.vector[:, :, None].double() * gradient[:, None, :]).reshape(-1, 9)
    virial = products.new_zeros(len(state), 9).index_add_(0, graph.owner[graph.start], products).reshape(-1, 3, 3)
    return force, (virial + virial.mT) / (2 * state.volume_A3[:, None, None])


class BatchedChgnet(nn.Module):
    """CHGNet's layers in the order in which the package calls them."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        atoms, bonds, angles = network.atom_conv_layers, network.bond_conv_layers, network.angle_layers
        self.register_buffer("element_energy", network.composition_model.fc.weight.detach()[0].clone())
        self.atom_embedding = network.atom_embedding
        self.radial = network.bond_basis_expansion
        self.angular = network.angle_basis_expansion
        self.bond_embedding, self.angle_embedding = network.bond_embedding, network.angle_embedding
        self.atom_weight, self.bond_weight = network.bond_weights_ag, network.bond_weights_bg
        self.atom_layers = nn.ModuleList(AtomUpdate(layer) for layer in atoms)
        self.bond_layers = nn.ModuleList(BondUpdate(layer) for layer in bonds)
        self.angle_layers = nn.ModuleList(AngleUpdate(layer) for layer in list(angles)[: len(bonds) - 1])
        self.site_wise, self.readout_norm, self.readout = network.site_wise, network.readout_norm, network.mlp

    def forward(self, numbers: Tensor, graph: BondAngleGraph, vector: Tensor, back: Tensor) -> tuple[Tensor, Tensor]:
        """(N,) energies of the sites beyond their elements' own, and (N,) sizes of their moments."""
        length = vector.norm(dim=1)
        short = graph.n_short
        basis = self.radial.rbf_expansion_ag(length)
        weight = self.atom_weight(basis)
        bond = self.bond_embedding(basis)
        short_weight = self.bond_weight(self.radial.rbf_expansion_bg(length[:short]))
        direction = torch.cat([vector[:short] / length[:short, None], back / back.norm(dim=1, keepdim=True)])
        angle = self._angles(direction, graph)
        atom = self.atom_embedding(numbers - 1)
        for index, (atom_layer, bond_layer) in enumerate(zip(self.atom_layers, self.bond_layers, strict=False)):
            atom = atom_layer(atom, bond, weight, graph)
            changed = bond_layer(atom, bond[:short], short_weight, angle, graph)
            bond = torch.cat([changed, bond[short:]])
            if index < len(self.angle_layers):
                angle = self.angle_layers[index](atom, changed, angle, graph)
        moment = self.site_wise(atom)[:, 0].abs()
        atom = self.atom_layers[-1](atom, bond, weight, graph)
        return self.readout(self.readout_norm(atom))[:, 0], moment

    def _angles(self, direction: Tensor, graph: BondAngleGraph) -> Tensor:
        """(2 P, 64): each angle twice, read from its first and from its second bond."""
        once = len(graph.own) // 2
        cosine = (direction[graph.own[:once]] * direction[graph.other[:once]]).sum(1) * _WITHIN
        embedded = self.angle_embedding(self.angular.fourier_expansion(torch.acos(cosine)))
        return torch.cat([embedded, embedded])
