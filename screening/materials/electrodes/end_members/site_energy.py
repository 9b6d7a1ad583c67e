"""Energy of an additional ion at points in a frame: damped Coulomb sums over formal charges, and a repulsion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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
_STEP_A, _SETTLED_A = 0.15, 0.01
_ROUND_STEPS = 4
"""The atoms around a point are searched for once in so many steps."""

Near = tuple[Integers, Integers]


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

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.positions)

    def near(self, points: Floats, within_A: float) -> Near:
        """Pairs of a point, of (k, 3), and an atom that are closer than this: the rows of both."""
        found = cKDTree(points).sparse_distance_matrix(self._tree, within_A, output_type="coo_matrix")
        return found.row, found.col


def site_energies(frame: Frame, points: Floats, near: Near | None = None) -> tuple[Floats, Floats]:
    """The energy of the ion at Cartesian points, (k, 3).

    Args:
        frame: The atoms around.
        points: Where the ion is.
        near: Pairs of a point and an atom among which all within the cutoff are; None: searched for here.

    Returns:
        Energies in eV, (k,), and gradients in eV/Å, (k, 3).
    """
    of, image = frame.near(points, CUTOFF_A) if near is None else near
    apart = points[of] - frame.positions[image]
    square = np.einsum("pi,pi->p", apart, apart)
    inside = np.flatnonzero(square <= CUTOFF_A**2)
    of, image, apart = of[inside], image[inside], apart[inside]
    d = np.maximum(np.sqrt(square[inside]), 0.3)
    charge = COULOMB_EV_A * frame.ion_charge * frame.charges[image]
    at_cutoff = erfc(_DAMPING_PER_A * CUTOFF_A) / CUTOFF_A
    screened = erfc(_DAMPING_PER_A * d) / d
    repulsion = _repulsion(frame, image, d)
    energies = np.bincount(of, charge * (screened - at_cutoff) + repulsion, len(points))
    bell = 2 * _DAMPING_PER_A / np.sqrt(np.pi) * np.exp(-np.square(_DAMPING_PER_A * d))
    slope = (-charge * (screened + bell) / d - repulsion / _SOFTNESS_A) / d
    slopes = [np.bincount(of, slope * apart[:, axis], len(points)) for axis in range(3)]
    return np.asarray(energies, dtype=np.float64), np.stack(slopes, axis=1)


def descend(frame: Frame, points: Floats, rounds: int = 3) -> tuple[Floats, Floats]:
    """Move points downhill by about 1 Å: positions, (k, 3), and energies, (k,)."""
    points = points.copy()
    length = np.full(len(points), _STEP_A)
    near = frame.near(points, CUTOFF_A + _ROUND_STEPS * _STEP_A)
    energies, slopes = site_energies(frame, points, near)
    for _ in range(rounds):
        moving = np.flatnonzero(length > _SETTLED_A)
        if not len(moving):
            break
        near = frame.near(points[moving], CUTOFF_A + _ROUND_STEPS * _STEP_A)  # nothing leaves it in this round
        for _ in range(_ROUND_STEPS):
            steep, step = slopes[moving], length[moving]
            size = np.linalg.norm(steep, axis=1, keepdims=True)
            trial = points[moving] - steep / np.maximum(size, 1e-9) * np.minimum(step[:, None], size)
            found, steeper = site_energies(frame, trial, near)
            better = found < energies[moving]
            lower = moving[better]
            points[lower], energies[lower], slopes[lower] = trial[better], found[better], steeper[better]
            length[moving] = np.where(better, np.minimum(1.2 * step, _STEP_A), 0.4 * step)
    return points, energies


def _repulsion(frame: Frame, image: Integers, d: Floats) -> Floats:
    """Born-Mayer repulsion that balances the attraction at the contact distance.

    At contact the force between charges of ±1 is k/r0²; the amplitude k ρ/r0² per charge gives the same force.
    """
    contact = frame.contacts_A[image]
    strength = np.maximum(np.abs(frame.charges[image]) * frame.ion_charge, 1.0)
    amplitude = COULOMB_EV_A * strength * _SOFTNESS_A / np.square(contact)
    return np.asarray(amplitude * np.exp((contact - d) / _SOFTNESS_A))
