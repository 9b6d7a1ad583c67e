"""Energies of the ion along its path by an interatomic potential, while the atoms around it make way.

Every image of the path is relaxed alone, a few steps down: its ion across the path (at the ends freely), and the atoms
near the path. A band would cost several times as much; after three steps the order of barriers changes little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.packed import PackedCrystals
from screening.materials.electrodes.barriers.migration_path import N_POINTS, MigrationPath
from screening.materials.electrodes.barriers.rigid_path import PathSurroundings, bent, evenly
from screening.materials.electrodes.end_members.images import distances
from screening.potentials.base import Potential
from screening.potentials.state import CrystalState

ROUNDS = 3
_NEAR_A = 5.0
_FIRST_STEP, _STEPS = 0.03, (0.01, 0.2)
"""Å per eV/Å: of the first step, and the range of the later ones."""
_LONGEST_STEP_A = 0.15
_SHORTER = 0.35
_SAME_EV, _SAME_SHARE = 0.001, 0.01


@dataclass(frozen=True)
class RelaxedLine:
    """What a potential says of a path.

    Attributes:
        energies_eV: (`ROUNDS` + 1, 5) of the images before the first step and after each.
        slopes_eV_per_A: (5,) force along the path on the ion, after the last step.
        strain_eV2_per_A2: (`ROUNDS` + 1, 5) sum of the squares of the forces that are relaxed.
        positions_A: (5, n + 1, 3) of frame and ion, after the last step.
    """

    energies_eV: Floats
    slopes_eV_per_A: Floats
    strain_eV2_per_A2: Floats
    positions_A: Floats


def relaxed_line(path: MigrationPath, potential: Potential) -> RelaxedLine:
    """Relax the images of a path that `check_path` has nothing against, from the path bent around the atoms.

    Raises:
        ScreeningError: The potential does not know an element, or the cell does not fit into the memory.
    """
    around = PathSurroundings.of(path)
    curved = bent(around, path.points_A)
    points = evenly(curved, N_POINTS)
    images = _different(around.energies(curved))
    along = np.zeros_like(points)
    along[1:-1] = points[2:] - points[:-2]
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    found = _descent(_Images(path, potential, points[images], along[images], _moving(path, points)))
    back = np.minimum(np.arange(N_POINTS), N_POINTS - 1 - np.arange(N_POINTS)) if len(images) < N_POINTS else images
    energies, strains, slopes, positions = found
    return RelaxedLine(energies[:, back], slopes[back], strains[:, back], positions[back])


def _different(energies: Floats) -> list[int]:
    """The images to relax: the first half of a path that looks alike from both ends."""
    apart = np.abs(energies - energies[::-1]).max()
    alike = apart < max(_SAME_EV, _SAME_SHARE * float(np.ptp(energies)))
    return list(range((N_POINTS + 1) // 2 if alike else N_POINTS))


def _moving(path: MigrationPath, points: Floats) -> Mask:
    """(n + 1,) whether an atom of the frame, or the ion, may move."""
    apart = distances(path.lattice, points @ np.linalg.inv(path.lattice), path.frac, _NEAR_A).min(axis=0)
    return np.append(apart < _NEAR_A, True)


@dataclass(frozen=True)
class _Images:
    """k images of a path: points and directions of its ion, (k, 3), and the atoms that move, (n + 1,)."""

    path: MigrationPath
    potential: Potential
    points: Floats
    along: Floats
    moving: Mask

    @property
    def start(self) -> Floats:
        """(k, n + 1, 3) positions."""
        frame = self.path.frac @ self.path.lattice
        return np.stack([np.vstack([frame, point]) for point in self.points])

    def evaluate(self, positions: Floats) -> tuple[Floats, Floats, Floats]:
        """Of positions (k, n + 1, 3): energies (k,), forces to follow (k, n + 1, 3), and forces along the path (k,)."""
        count, atoms = positions.shape[:2]
        numbers = np.append(self.path.numbers, ATOMIC_NUMBERS[self.path.ion]).astype(np.int16)
        packed = PackedCrystals(
            np.repeat(self.path.lattice[None], count, axis=0),
            np.tile(numbers, count),
            (positions @ np.linalg.inv(self.path.lattice)).reshape(-1, 3),
            np.arange(count + 1) * atoms,
        )
        state = CrystalState.of(packed, self.potential.device)
        outputs = [
            part
            for rows in torch.arange(count).split(max(1, self.potential.batch_atoms // atoms))
            for part in self.potential.evaluate_within_memory(state.take(rows.to(self.potential.device)))
        ]
        energies = np.concatenate([part.energy_eV.cpu().numpy() for part in outputs])
        forces = np.concatenate([part.forces_eV_per_A.cpu().numpy() for part in outputs if part.forces_eV_per_A is not None])
        forces = forces.reshape(count, atoms, 3) * self.moving[:, None]
        slopes = (forces[:, -1] * self.along).sum(axis=1)
        forces[:, -1] -= slopes[:, None] * self.along
        return energies, forces, slopes


def _descent(images: _Images) -> tuple[Floats, Floats, Floats, Floats]:
    """Energies and strains of each round, (`ROUNDS` + 1, k), the last slopes (k,) and positions (k, n + 1, 3).

    Each image takes steps of its own (Barzilai, Borwein, IMA J. Numer. Anal. 8, 141 (1988)); none goes up.
    """
    best = images.start
    energy, force, slope = images.evaluate(best)
    length = np.full(len(best), _FIRST_STEP)
    energies, strains = [energy], [(force**2).sum(axis=(1, 2))]
    for _ in range(ROUNDS):
        step = length[:, None, None] * force
        longest = np.linalg.norm(step, axis=2).max(axis=1)
        share = np.minimum(1.0, _LONGEST_STEP_A / np.maximum(longest, 1e-9))
        step *= share[:, None, None]
        new_energy, new_force, new_slope = images.evaluate(best + step)
        better = new_energy < energy
        curvature = (step * (force - new_force)).sum(axis=(1, 2))
        size = (step**2).sum(axis=(1, 2))
        next_length = np.where(curvature > 1e-12, size / np.maximum(curvature, 1e-12), _STEPS[1])
        length = np.where(better, np.clip(next_length, *_STEPS), _SHORTER * share * length)
        best = np.where(better[:, None, None], best + step, best)
        force = np.where(better[:, None, None], new_force, force)
        energy, slope = np.where(better, new_energy, energy), np.where(better, new_slope, slope)
        energies.append(energy)
        strains.append((force**2).sum(axis=(1, 2)))
    return np.stack(energies), np.stack(strains), slope, best
