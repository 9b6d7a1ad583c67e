"""Energy of one more ion at points in a frame: damped Coulomb sums over formal charges, and a short-range repulsion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import erfc

from screening.array_types import Floats
from screening.chemistry.constants import COULOMB_EV_A
from screening.materials.electrodes.end_members.images import Integers

CUTOFF_A = 8.0
_DAMPING_PER_A = 0.25
"""Wolf et al., J. Chem. Phys. 110, 8254 (1999): shifted at the cutoff, the sum needs no reciprocal space."""
_SOFTNESS_A = 0.3
"""Range of the Born-Mayer repulsion, as in most alkali halides and oxides (0.28 to 0.35 Å)."""
_STEP_A = 0.15


@dataclass(frozen=True)
class Frame:
    """Images (m, 3) around a cell, of charge (m,), and the distance (m,) at which each repels the ion."""

    positions: Floats
    charges: Floats
    contacts_A: Floats
    ion_charge: float


def site_energies(frame: Frame, points: Floats, gradient: bool = False) -> tuple[Floats, Floats]:
    """Energy in eV at Cartesian points (k, 3), (k,), and its gradient (k, 3) in eV/Å (zeros unless asked for)."""
    pair_point, pair_image = _pairs(frame, points)
    apart = points[pair_point] - frame.positions[pair_image]
    d = np.maximum(np.sqrt(np.einsum("pi,pi->p", apart, apart)), 0.3)
    charge = COULOMB_EV_A * frame.ion_charge * frame.charges[pair_image]
    at_cutoff = erfc(_DAMPING_PER_A * CUTOFF_A) / CUTOFF_A
    screened = erfc(_DAMPING_PER_A * d) / d
    repulsion = _repulsion(frame, pair_image, d)
    energies = np.bincount(pair_point, charge * (screened - at_cutoff) + repulsion, len(points))
    slopes = np.zeros((len(points), 3))
    if gradient:
        bell = 2 * _DAMPING_PER_A / np.sqrt(np.pi) * np.exp(-np.square(_DAMPING_PER_A * d))
        slope = -charge * (screened + bell) / d - repulsion / _SOFTNESS_A
        for axis in range(3):
            slopes[:, axis] = np.bincount(pair_point, slope * apart[:, axis] / d, len(points))
    return np.asarray(energies, dtype=np.float64), slopes


def descend(frame: Frame, points: Floats, steps: int = 12) -> tuple[Floats, Floats]:
    """Walk points a little downhill, by 1 Å or so: positions (k, 3) and energies (k,)."""
    points = points.copy()
    length = np.full(len(points), _STEP_A)
    energies, slopes = site_energies(frame, points, gradient=True)
    for _ in range(steps):
        size = np.linalg.norm(slopes, axis=1, keepdims=True)
        trial = points - slopes / np.maximum(size, 1e-9) * np.minimum(length[:, None], size)
        found, steeper = site_energies(frame, trial, gradient=True)
        better = found < energies
        points[better], energies[better], slopes[better] = trial[better], found[better], steeper[better]
        length = np.where(better, np.minimum(1.2 * length, _STEP_A), 0.4 * length)
    return points, energies


def _repulsion(frame: Frame, image: Integers, d: Floats) -> Floats:
    """Born-Mayer, so strong that an ion between two opposite charges balances at the contact distance.

    The force of a pair of charge ±1 at contact is k/r0²; amplitude k ρ/r0² per charge gives the same force.
    """
    contact = frame.contacts_A[image]
    strength = np.maximum(np.abs(frame.charges[image]) * frame.ion_charge, 1.0)
    amplitude = COULOMB_EV_A * strength * _SOFTNESS_A / np.square(contact)
    return np.asarray(amplitude * np.exp((contact - d) / _SOFTNESS_A))


def _pairs(frame: Frame, points: Floats) -> tuple[Integers, Integers]:
    near = cKDTree(frame.positions).query_ball_point(points, CUTOFF_A)
    sizes = np.fromiter((len(found) for found in near), dtype=np.intp, count=len(points))
    images = np.concatenate([np.asarray(found, dtype=np.intp) for found in near]) if len(near) else np.zeros(0, np.intp)
    return np.repeat(np.arange(len(points), dtype=np.intp), sizes), images
