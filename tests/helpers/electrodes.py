"""Made-up electrodes and a potential that costs nothing, for tests of voltages."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch
from ase.data import atomic_masses
from helpers.crystals import random_crystal

from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.crystals import Crystal
from screening.potentials.base import Potential, PotentialOutput
from screening.potentials.state import CrystalState

FARADAY_MAH_PER_MOL = 26801.4815
METALS = ("Ti", "V", "Mn", "Fe", "Co", "Ni")


class Springs(Potential):
    """Every atom is bound to the nearest whole place in Å, and every cell to 16 Å³ an atom.

    Helium gives no finite energy; elements differ by their own energies.
    """

    name, device, batch_atoms = "springs", torch.device("cpu"), 20

    def __init__(self, stiffness: float = 12.0, elements: frozenset[int] = frozenset(range(1, 84))) -> None:
        self.stiffness, self.elements = stiffness, elements
        self.calls = 0

    def evaluate(self, state: CrystalState, forces: bool = True) -> PotentialOutput:
        self.calls += 1
        strain = torch.eye(3, dtype=torch.float64).expand(len(state), 3, 3).clone().requires_grad_()
        lattice = state.lattice @ strain
        cart = torch.einsum("ni,nij->nj", state.frac, lattice[state.owner]).detach().requires_grad_()
        size = torch.linalg.det(lattice).abs() / state.n_atoms
        pull = 0.5 * self.stiffness * (cart - cart.detach().round()).square().sum(1) - 0.01 * state.numbers
        energy = torch.zeros(len(state), dtype=torch.float64).index_add(0, state.owner, pull)
        energy = energy + state.n_atoms * (size - 16.0).square() / 16
        energy = torch.where(state.numbers[state.offsets[:-1]] == 2, torch.nan, energy)
        force, virial = torch.autograd.grad(energy.sum(), (cart, strain))
        stress = (virial + virial.mT) / 2 / state.volume_A3[:, None, None]
        return PotentialOutput(energy.detach(), -force, stress, torch.ones(len(state.numbers), dtype=torch.float64))


def electrode(rng: np.random.Generator, ion: str, metals: tuple[str, ...], ions: int = 2) -> tuple[Crystal, Crystal]:
    """A discharged crystal with that many ions and two of its metals' atoms in six oxygens, and its ion-free frame."""
    crystal = random_crystal(rng, ions + 8, (8,))
    symbols = [ion] * ions + [str(rng.choice(metals)) for _ in range(2)] + ["O"] * 6
    numbers = np.array([ATOMIC_NUMBERS[symbol] for symbol in symbols])
    discharged = Crystal.from_arrays("discharged", crystal.lattice, numbers, crystal.frac)
    charged = Crystal.from_arrays("charged", crystal.lattice * 0.99, numbers[ions:], crystal.frac[ions:])
    return discharged, charged


def electrode_row(discharged: Crystal, charged: Crystal, ion: str, voltage_V: float, charge: int = 1) -> dict[str, Any]:
    """A row of `electrodes.jsonl.gz` that agrees with itself."""
    moved = int((discharged.numbers == ATOMIC_NUMBERS[ion]).sum() - (charged.numbers == ATOMIC_NUMBERS[ion]).sum())
    capacity = FARADAY_MAH_PER_MOL * moved * charge / float(atomic_masses[discharged.numbers].sum())
    ends = {"discharge_structure": discharged, "charge_structure": charged}
    return {
        "working_ion": ion,
        "average_voltage": voltage_V,
        "capacity_grav": capacity,
        "energy_grav": capacity * voltage_V,
        **{
            name: {
                "lattice": end.lattice.tolist(),
                "species": [SYMBOLS[z] for z in end.numbers],
                "frac": end.frac.tolist(),
            }
            for name, end in ends.items()
        },
    }


def write_rows(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """`electrodes.jsonl.gz` in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "electrodes.jsonl.gz").write_bytes(gzip.compress(b"\n".join(map(orjson.dumps, rows))))
    return folder
