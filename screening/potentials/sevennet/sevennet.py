"""SevenNet-l3i5 on whole batches (Park et al., J. Chem. Theory Comput. 20, 4857 (2024)), with its package's weights.

The same function as the package computes, arranged so that less is computed and moved:

- Messages of an atom are summed by one matrix product over its bonds instead of being scattered bond by bond.
- Wigner symbols and harmonics meet once in a batch, not in every layer; constant factors are inside the weights.
- The last two linear maps are one. Energies alone make no graph of gradients.
- Energies depend on bond vectors alone, so forces and stress are sums over bonds of one gradient.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from screening.errors import RequestError
from screening.networks.streaming import keep_freed_memory
from screening.potentials.base import Potential, PotentialOutput
from screening.potentials.sevennet.network import ATOMIC_NUMBERS_OF_SPECIES, BatchedSevennet
from screening.potentials.sevennet.padded_bonds import PaddedBonds, padded_bonds
from screening.potentials.sevennet.sevennet_weights import (
    missing_weights,
    sevennet_checkpoint,
    sevennet_weights,
)
from screening.potentials.state import CrystalState

_BATCH_ATOMS = {"cpu": 128, "cuda": 4096}


class SevennetPotential(Potential):
    """SevenNet-l3i5, evaluated in batches."""

    name = "sevennet"
    shareable = True

    def __init__(self, weights: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        self.device, self.dtype = device, dtype
        self.network = BatchedSevennet(weights).to(device, dtype).eval()
        self.elements = frozenset(weights[ATOMIC_NUMBERS_OF_SPECIES].tolist())
        self.batch_atoms, self.checkpoint = _BATCH_ATOMS[device.type], sevennet_checkpoint()
        if device.type == "cpu":
            keep_freed_memory()

    @classmethod
    def load(cls, argument: str, device: torch.device) -> SevennetPotential:
        """The weights l3i5. Raises RequestError for an argument, and if their package is missing or another."""
        if argument:
            raise RequestError("sevennet takes nothing after its name")
        return cls(sevennet_weights(), device)

    @classmethod
    def missing(cls) -> str:
        """What has to be installed, and how; empty if the package with the weights is."""
        return missing_weights()

    def evaluate(self, state: CrystalState, forces: bool = True) -> PotentialOutput:
        """As the package's ASE calculator, for many crystals and in eV and Å; the network has no moments."""
        bonds = padded_bonds(state, self.dtype)
        vector = bonds.vector.requires_grad_(forces)
        with torch.set_grad_enabled(forces):
            site_energy = self.network(bonds, vector)
        total = state.lattice.new_zeros(len(state)).index_add_(0, bonds.owner, site_energy.detach().double())
        if not forces:
            return PotentialOutput(total)
        (gradient,) = torch.autograd.grad(site_energy.sum(), vector)
        return PotentialOutput(total, *_forces_and_stress(state, bonds, gradient.double()))


def _forces_and_stress(state: CrystalState, bonds: PaddedBonds, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """From the derivative of the energy by each bond vector: sums over the bonds, the virial over the volume."""
    rows = torch.zeros_like(state.frac)
    rows.index_add_(0, bonds.start, gradient).index_add_(0, bonds.end, -gradient)
    force = torch.empty_like(rows)
    force[bonds.order] = rows
    products = (bonds.vector.detach()[:, :, None].double() * gradient[:, None, :]).reshape(-1, 9)
    virial = products.new_zeros(len(state), 9).index_add_(0, bonds.owner[bonds.start], products).reshape(-1, 3, 3)
    return force, (virial + virial.mT) / (2 * state.volume_A3[:, None, None])
