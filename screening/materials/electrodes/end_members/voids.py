"""Sites in a frame for the working ion: Voronoi corners, moved downhill, that satisfy the distance windows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import QhullError, Voronoi, cKDTree

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import count_matrix
from screening.chemistry.formulas import cell_formula
from screening.materials.electrodes.end_members.images import Integers, distances, images_around
from screening.materials.electrodes.end_members.redox import ION_CHARGES, formal_charges
from screening.materials.electrodes.end_members.roles import has_anions, is_cyanide
from screening.materials.electrodes.end_members.site_energy import CUTOFF_A, Frame, descend, site_energies
from screening.materials.electrodes.end_members.windows import CONTRACTION, Windows, windows

MERGED_WITHIN_A = 0.7
"""Minima closer than this are one site."""
MIN_NEIGHBOURS = 3
_USUAL_VOID_A, _LARGEST_VOID_A = 3.5, 5.0
"""Voronoi corners are correct up to this radius: only atoms this far outside the cell are included."""
_SAME_CORNER_A = 0.35
_CONTACT = 1.055
"""Distance where attraction and repulsion of an anion balance over its shortest distance: 5 % less than the sum of the
radii."""
_MOST_CANDIDATES = 600
_CAVITY = 1.2
"""Factor for neighbors in the cavities of cyanides, where the ion touches none of the walls."""


@dataclass(frozen=True)
class VoidSites:
    """The voids of a cell, sorted by energy.

    Attributes:
        frac: Fractional coordinates in [0, 1), (k, 3).
        energy_eV: Energy of a single ion at each site, (k,).
    """

    frac: Floats
    energy_eV: Floats

    def __len__(self) -> int:
        return len(self.frac)


def find_voids(lattice: Floats, numbers: NDArray[np.integer], frac: Floats, ion: str) -> VoidSites:
    """The sites for an ion in a frame.

    Args:
        lattice: Row vectors in Å, (3, 3).
        numbers: Atomic numbers of n atoms, (n,).
        frac: Their fractional coordinates, (n, 3).
        ion: Symbol of the ion.
    """
    ionic = has_anions(numbers)
    limits = windows(ion, ionic)
    if is_cyanide(numbers):
        limits = replace(limits, bond_A=_CAVITY * limits.bond_A)
    positions, owner = images_around(lattice, frac, CUTOFF_A + 1.0)
    frame = energy_frame(positions, numbers, owner, ion, limits, ionic)
    corners = _corners(lattice, frac)
    fitting = corners[_fits(corners, frame, numbers[owner], limits, 0.8)]
    if len(fitting) == 0:
        return VoidSites(np.zeros((0, 3)), np.zeros(0))
    fitting = fitting[:_MOST_CANDIDATES]
    settled, low = descend(frame, fitting)
    # A corner may be a site although it is no minimum without the other ions.
    points = np.concatenate([settled, fitting])
    energies = np.concatenate([low, site_energies(frame, fitting)[0]])
    good = _fits(points, frame, numbers[owner], limits, CONTRACTION)
    points = points[good] @ np.linalg.inv(lattice)
    points, energies = _merge(lattice, points - np.floor(points), energies[good])
    return VoidSites(points, energies)


def energy_frame(
    positions: Floats, numbers: NDArray[np.integer], owner: Integers, ion: str, limits: Windows, ionic: bool
) -> Frame:
    """The m periodic images, with positions (m, 3) and owners (m,), of n atoms as the ion feels them."""
    charges = np.zeros(len(numbers))
    if ionic:
        charges = formal_charges(count_matrix([cell_formula(numbers)]))[0][numbers]
    contacts = np.where(limits.bond_A > 0, _CONTACT * limits.nearest_A, limits.nearest_A)[numbers]
    return Frame(positions, charges[owner], contacts[owner], float(ION_CHARGES[ion]))


def _corners(lattice: Floats, frac: Floats) -> Floats:
    """Cartesian corners, (k, 3), of the Voronoi cells of all atoms inside the cell, without repetitions.

    A corner is correct if its atoms were included; most crystals have no void that needs the larger reach.
    """
    inside = np.zeros((0, 3))
    for reach in (_USUAL_VOID_A, _LARGEST_VOID_A):
        positions = images_around(lattice, frac, reach)[0]
        try:
            corners = Voronoi(positions).vertices
        except QhullError:
            continue
        parts = corners @ np.linalg.inv(lattice)
        inside = parts[((parts > -1e-4) & (parts < 1 - 1e-4)).all(axis=1)]
        if len(inside) and cKDTree(positions).query(inside @ lattice)[0].max() <= reach:
            break
    points, _ = _merge(lattice, inside - np.floor(inside), np.zeros(len(inside)), _SAME_CORNER_A)
    return np.asarray(points @ lattice)


def _fits(points: Floats, frame: Frame, numbers: NDArray[np.integer], limits: Windows, loose: float) -> Mask:
    """Whether no atom is too close to each point, (k, 3), and enough anions (or atoms of an alloy) surround it."""
    if len(points) == 0:
        return np.zeros(0, dtype=bool)
    of, image = frame.near(points, float(limits.bond_A.max()))
    d, kinds = np.linalg.norm(frame.positions[image] - points[of], axis=1), numbers[image]
    close = np.bincount(of[d < loose * limits.nearest_A[kinds]], minlength=len(points))
    bonded = np.bincount(of[d <= limits.bond_A[kinds]], minlength=len(points))
    return np.asarray((close == 0) & (bonded >= MIN_NEIGHBOURS))


def _merge(lattice: Floats, frac: Floats, energies: Floats, within_A: float = MERGED_WITHIN_A) -> tuple[Floats, Floats]:
    """The lowest point of each group of points closer than `within_A`, sorted by energy."""
    order = np.lexsort((*np.round(frac, 4).T, np.round(energies, 3)))
    frac, energies = frac[order], energies[order]
    kept: list[int] = []
    apart = distances(lattice, frac, frac, within_A) if len(frac) else np.zeros((0, 0))
    for index in range(len(frac)):
        if not kept or apart[index, kept].min() >= within_A:
            kept.append(index)
    return frac[kept], energies[kept]
