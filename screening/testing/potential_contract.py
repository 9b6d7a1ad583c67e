"""What every potential must satisfy: symmetries of the energy, and forces and stress that are its derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch

from screening.chemistry.elements import SYMBOLS
from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.errors import ScreeningError
from screening.potentials.base import Energies, Potential
from screening.potentials.state import CrystalState
from screening.testing.contract import require, require_close, require_refused
from screening.testing.sample_crystals import random_crystal, redescribed, supercell

_USUAL = (3, 8, 26, 60, 13, 29)
_FARTHEST_ELEMENT = 118


def check_potential(
    potential: Potential,
    crystals: Sequence[Crystal] | None = None,
    *,
    tolerance: float = 1e-4,
    step: float = 1e-3,
    slope_tolerance: float = 1e-3,
) -> None:
    """Check a potential.

    Args:
        potential: A loaded one.
        crystals: Three or more that it is made for, not at their minimum; None for random ones of its elements.
        tolerance: Of figures that should be equal, in eV/atom, eV/Å and eV/Å³, relative where they are above 1.
        step: Of finite differences, in Å and as a strain. The rounding of a potential in float32 asks for 1e-2.
        slope_tolerance: Of forces and stress against finite differences, likewise.

    Raises:
        ContractError: Something that every potential must do does not hold.
    """
    crystals = _samples(potential) if crystals is None else list(crystals)
    require(len(crystals) > 2, "three crystals are needed, to compare batches")
    _check_figures(potential, crystals)
    _check_symmetries(potential, crystals, tolerance)
    _check_batches(potential, crystals, tolerance)
    _check_slopes(potential, crystals[0], step, slope_tolerance)
    _check_refusals(potential)


def _samples(potential: Potential) -> list[Crystal]:
    known = potential.elements
    elements = [z for z in _USUAL if known is None or z in known][:4] or sorted(known or ())[:4]
    rng = np.random.default_rng(0)
    return [random_crystal(rng, atoms, elements, closest_A=1.6) for atoms in (4, 1, 3, 6)]


def _check_figures(potential: Potential, crystals: Sequence[Crystal]) -> None:
    require(potential.name, "a potential has a name")
    require(potential.batch_atoms > 0, "batch_atoms is above 0")
    state = CrystalState.of(pack(crystals), potential.device)
    shapes = {
        "energy_eV": (len(state),),
        "forces_eV_per_A": (len(state.numbers), 3),
        "stress_eV_per_A3": (len(state), 3, 3),
        "site_moment_muB": (len(state.numbers),),
    }
    output = potential.evaluate(state)
    for name, shape in shapes.items():
        found = getattr(output, name)
        if found is None and name == "site_moment_muB":
            continue
        require(found is not None, f"evaluate gives {name}")
        require(tuple(found.shape) == shape, f"{name} has the shape {shape}, not {tuple(found.shape)}")
        require(found.dtype == torch.float64, f"{name} is float64, not {found.dtype}")
        require(found.device.type == potential.device.type, f"{name} is on the potential's device")
        require(not found.requires_grad, f"{name} is detached from the graph of gradients")
    require(potential.evaluate(state, forces=False).forces_eV_per_A is None, "no forces unless they are asked for")
    none = potential.energies(pack([]))
    require(none.energy_eV.shape == (0,), "no crystals give no energies, and no error")


def _energies(potential: Potential, crystals: Sequence[Crystal]) -> Energies:
    return potential.energies(pack(crystals))


def _check_symmetries(potential: Potential, crystals: Sequence[Crystal], tolerance: float) -> None:
    rng = np.random.default_rng(1)
    for crystal in crystals:
        turned, turn, order = redescribed(crystal, rng)
        shifts = rng.integers(-2, 3, crystal.frac.shape)
        moved = Crystal.from_arrays("moved", crystal.lattice, crystal.numbers, crystal.frac + shifts)
        found = _energies(potential, [crystal, turned, moved, supercell(crystal, (2, 1, 1))])
        n = crystal.n_atoms
        energy, force, stress = found.energy_eV / n, found.forces_eV_per_A, found.stress_eV_per_A3
        require_close(energy[1], energy[0], tolerance, "turning a crystal, another order or choice of cell, energy")
        require_close(energy[2], energy[0], tolerance, "moving atoms by whole cells, energy")
        require_close(energy[3] / 2, energy[0], tolerance, "a cell twice as large, energy per atom")
        if force is None or stress is None:
            continue
        require_close(force[n : 2 * n], (force[:n] @ turn)[order], tolerance, "forces turn with the crystal")
        require_close(stress[1], turn.T @ stress[0] @ turn, tolerance, "stress turns with the crystal")
        require_close(stress[0], stress[0].T, tolerance, "stress is symmetric")
        require_close(force[:n].sum(0), np.zeros(3), tolerance * n, "forces add up to nothing")


def _check_batches(potential: Potential, crystals: Sequence[Crystal], tolerance: float) -> None:
    together = _energies(potential, crystals)
    rows = np.cumsum([0, *(crystal.n_atoms for crystal in crystals)])
    for index, (crystal, (start, stop)) in enumerate(zip(crystals, pairwise(rows), strict=True)):
        alone = _energies(potential, [crystal])
        energies = alone.energy_eV[0] / crystal.n_atoms, together.energy_eV[index] / crystal.n_atoms
        require_close(*energies, tolerance, "the energy of a crystal does not depend on its batch")
        if alone.forces_eV_per_A is not None and together.forces_eV_per_A is not None:
            forces = alone.forces_eV_per_A, together.forces_eV_per_A[start:stop]
            require_close(*forces, tolerance, "forces do not depend on the batch")


def _check_slopes(potential: Potential, crystal: Crystal, step: float, tolerance: float) -> None:
    """Central differences along three random moves of the atoms and three random strains."""
    rng, here = np.random.default_rng(2), _energies(potential, [crystal])
    moves, strains = rng.normal(size=(3, crystal.n_atoms, 3)), rng.normal(size=(3, 3, 3))
    strains += strains.transpose(0, 2, 1)
    inverse, unit = np.linalg.inv(crystal.lattice), np.eye(3)
    cells = [(crystal.lattice, crystal.frac + sign * step * move @ inverse) for move in moves for sign in (1, -1)]
    cells += [(crystal.lattice @ (unit + sign * step * strain), crystal.frac) for strain in strains for sign in (1, -1)]
    around = pack([Crystal.from_arrays("near", lattice, crystal.numbers, frac) for lattice, frac in cells])
    energy = potential.energies(around, forces=False).energy_eV.reshape(-1, 2)
    slope = (energy[:, 0] - energy[:, 1]) / (2 * step)
    if here.forces_eV_per_A is not None and here.stress_eV_per_A3 is not None:
        by_force = -np.einsum("kni,ni->k", moves, here.forces_eV_per_A)
        by_stress = np.einsum("kij,ij->k", strains, here.stress_eV_per_A3[0]) * crystal.volume_A3
        require_close(by_force, slope[:3], tolerance, "forces are minus the derivatives of the energy")
        require_close(by_stress, slope[3:], tolerance, "stress is the derivative of the energy by strain, over volume")


def _check_refusals(potential: Potential) -> None:
    unknown = next((z for z in range(1, _FARTHEST_ELEMENT + 1) if z not in (potential.elements or {z})), None)
    if unknown is None:
        return
    crystal = Crystal.from_arrays("unknown", np.eye(3) * 3, [unknown], [[0, 0, 0]])
    message = require_refused(
        lambda: _energies(potential, [crystal]),
        ScreeningError,
        "an element that the potential does not know is refused",
    )
    require(SYMBOLS[unknown] in message, f"the message names the unknown element {SYMBOLS[unknown]}")
