"""Noble gases by pairs: `lennard_jones`, or `lennard_jones:SIGMA` with another diameter in Å.

Each pair has the energy 4 ε ((σ/r)¹² - (σ/r)⁶), brought smoothly to zero at the cutoff (Jones, Proc. R. Soc. Lond. A
106, 463 (1924); ε and σ of argon).
"""

from __future__ import annotations

import numpy as np
import torch

from screening.errors import RequestError
from screening.graphs.neighbours import neighbour_pairs
from screening.potentials.base import Potential, PotentialOutput
from screening.potentials.state import CrystalState

EPSILON_EV = 0.0104
SIGMA_A = 3.40
CUTOFF_A = 9.0


class LennardJones(Potential):
    """The Lennard-Jones potential of noble gases."""

    name = "lennard_jones"
    elements = frozenset({2, 10, 18, 36, 54})
    batch_atoms = 512

    def __init__(self, sigma_A: float = SIGMA_A, device: torch.device | None = None) -> None:
        self.sigma_A, self.device = sigma_A, device or torch.device("cpu")

    @classmethod
    def load(cls, argument: str, device: torch.device) -> LennardJones:
        try:
            return cls(float(argument) if argument else SIGMA_A, device)
        except ValueError:
            raise RequestError(
                f"expected lennard_jones or lennard_jones:SIGMA with a diameter in Å, got {argument}"
            ) from None

    def evaluate(self, state: CrystalState, forces: bool = True) -> PotentialOutput:
        packed = state.packed()
        pairs = neighbour_pairs(packed, np.full(len(packed), CUTOFF_A))
        centre, neighbour = (rows.to(self.device) for rows in (pairs.centre, pairs.neighbour))
        vector = pairs.vectors().to(self.device).requires_grad_(forces)
        distance = vector.norm(dim=1)
        attraction = (self.sigma_A / distance) ** 6
        smooth = (1.0 - (distance / CUTOFF_A) ** 2) ** 3
        pair = 2.0 * EPSILON_EV * (attraction**2 - attraction) * smooth  # each pair comes in both directions
        owner = state.owner[centre]
        energy = torch.zeros(len(state), dtype=torch.float64, device=self.device).index_add(0, owner, pair)
        if not forces:
            return PotentialOutput(energy.detach())
        (gradient,) = torch.autograd.grad(energy.sum(), vector)
        vector = vector.detach()
        force = torch.zeros_like(state.frac).index_add_(0, centre, gradient).index_add_(0, neighbour, -gradient)
        virial = (vector[:, :, None] * gradient[:, None, :]).reshape(-1, 9)
        stress = virial.new_zeros(len(state), 9).index_add_(0, owner, virial).reshape(-1, 3, 3)
        return PotentialOutput(energy.detach(), force, stress / state.volume_A3[:, None, None])
