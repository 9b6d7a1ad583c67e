"""The way of an ion through a frame that stands still: atoms around a path, and the path bent around them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.elements import ATOMIC_NUMBERS, N_ELEMENTS
from screening.crystals.prototypes.ions import Ion, ionic_radius
from screening.crystals.sanity import plane_spacings
from screening.materials.electrodes.barriers.migration_path import MIGRATING_CHARGES, MigrationPath
from screening.materials.electrodes.end_members.redox import formal_charges
from screening.materials.electrodes.end_members.site_energy import CUTOFF_A, Frame, site_energies
from screening.materials.electrodes.end_members.windows import ANION_CHARGES

N_PLACES = 9
"""Places along a path where it is described."""
_DETOUR_A = 1.5
_CATION_GAP_A, _OTHER_GAP_A = 1.1, 1.5
"""Contact distance minus the radius of the ion: of cations, which are small, and of atoms without a charge."""
_STEPS = 50
_PER_FORCE_A2_PER_EV = 0.03
_LONGEST_STEP_A, _LAST_STEP_A = 0.08, 0.005


@dataclass(frozen=True)
class PathSurroundings:
    """The m atoms around a path.

    Attributes:
        frame: Positions, formal charges and contact distances of these atoms.
        numbers: (m,) atomic numbers.
        charges: (119,) formal charge of each element of the frame and the ion together.
    """

    frame: Frame
    numbers: NDArray[np.int16]
    charges: Floats

    @classmethod
    def of(cls, path: MigrationPath) -> PathSurroundings:
        """The atoms within reach of the ion on a path that `check_path` has nothing against."""
        counts = np.bincount(path.numbers, minlength=N_ELEMENTS).astype(np.float64)
        counts[ATOMIC_NUMBERS[path.ion]] += 1
        charges = formal_charges(counts[None])[0]
        center = (path.points_A[0] + path.points_A[-1]) / 2
        reach = CUTOFF_A + _DETOUR_A + float(np.linalg.norm(path.points_A - center, axis=1).max())
        positions, owner = _around(path, center, reach)
        numbers = path.numbers[owner]
        contacts = contact_distances(path.ion, charges)
        ion_charge = float(MIGRATING_CHARGES[path.ion])
        return cls(Frame(positions, charges[numbers], contacts[numbers], ion_charge), numbers, charges)

    def energies(self, points: Floats) -> Floats:
        """(k,) energies in eV of the ion at points, (k, 3)."""
        return site_energies(self.frame, points)[0]


def contact_distances(ion: str, charges: Floats) -> Floats:
    """Distances in Å at which the ion touches an atom of each element, (119,), with formal charges (119,)."""
    own = Ion(ion, MIGRATING_CHARGES[ion])
    small, large = ionic_radius(own, "IV"), ionic_radius(own, "VI")
    contacts = np.where(charges > 0, large + _CATION_GAP_A, large + _OTHER_GAP_A)
    for symbol, charge in ANION_CHARGES.items():
        if charges[ATOMIC_NUMBERS[symbol]] < 0:
            contacts[ATOMIC_NUMBERS[symbol]] = small + ionic_radius(Ion(symbol, charge), "IV")
    return contacts


def evenly(points: Floats, count: int) -> Floats:
    """(count, 3) points at equal distances along the line through (k, 3) points."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    wanted = np.linspace(0.0, lengths[-1], count)
    return np.stack([np.interp(wanted, lengths, points[:, axis]) for axis in range(3)], axis=1)


def bent(surroundings: PathSurroundings, points: Floats) -> Floats:
    """The path of points, (k, 3), relaxed between its ends in the field of the frame: (`N_PLACES`, 3).

    A string (E, Ren, Vanden-Eijnden, Phys. Rev. B 66, 052301 (2002)): each place moves downhill across the path, then
    all are spaced evenly again.
    """
    places = evenly(points, N_PLACES)
    for step in range(_STEPS):
        slopes = site_energies(surroundings.frame, places)[1]
        along = places[2:] - places[:-2]
        along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
        move = -_PER_FORCE_A2_PER_EV * slopes[1:-1]
        move -= (move * along).sum(axis=1, keepdims=True) * along
        longest = _LONGEST_STEP_A * (1 - step / _STEPS) + _LAST_STEP_A
        move *= np.minimum(1.0, longest / np.maximum(np.linalg.norm(move, axis=1, keepdims=True), 1e-9))
        places[1:-1] += move
        places = evenly(places, N_PLACES)
    return places


def _around(path: MigrationPath, center: Floats, reach: float) -> tuple[Floats, NDArray[np.intp]]:
    """Positions (m, 3) of the atoms within reach of a point, and the atom of the cell that each repeats, (m,)."""
    frac = path.frac - np.rint(path.frac - center @ np.linalg.inv(path.lattice))
    cells = np.ceil(reach / plane_spacings(path.lattice) + 0.5).astype(int)
    shifts = np.array(list(product(*(range(-count, count + 1) for count in cells))), dtype=np.float64)
    positions = ((frac[None] + shifts[:, None]) @ path.lattice).reshape(-1, 3)
    near = np.linalg.norm(positions - center, axis=1) < reach
    return positions[near], np.tile(np.arange(len(frac)), len(shifts))[near]
