"""Energy of an additional ion at points in a frame: damped Coulomb sums over formal charges, and a repulsion."""

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
"""Of the Wolf sum, which needs no reciprocal space (Wolf et al., J. Chem. Phys. 110, 8254 (1999))."""
_SOFTNESS_A = 0.3
"""Range of the Born-Mayer repulsion, as in most alkali halides and oxides (0.28 to 0.35 Å)."""
_STEP_A = 0.15


@dataclass(frozen=True)
class Frame:
    """The m atoms in and around a cell.

    Attributes:
        positions: Cartesian, (m, 3).
        charges: (m,).
        contacts_A: Contact distance of the ion, where attraction and repulsion balance, (m,).
        ion_charge: Of the additional ion.
    """

    positions: Floats
    charges: Floats
    contacts_A: Floats
    ion_charge: float


def site_energies(frame: Frame, points: Floats, gradient: bool = False) -> tuple[Floats, Floats]:
    """The energy of the ion at Cartesian points, (k, 3).

    Returns:
        Energies in eV, (k,), and gradients in eV/Å, (k, 3), which are zero unless `gradient` is true.
    """
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
    """Move points downhill by about 1 Å: positions, (k, 3), and energies, (k,)."""
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
    """Born-Mayer repulsion that balances the attraction at the contact distance.

    At contact the force between charges of ±1 is k/r0²; the amplitude k ρ/r0² per charge gives the same force.
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
