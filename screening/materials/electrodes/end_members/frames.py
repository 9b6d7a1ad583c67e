"""The frame after the loss of the ion: whether it is still the same, and whether it falls apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from screening.array_types import Mask
from screening.chemistry.element_table import element_table
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.images import images_around
from screening.materials.electrodes.end_members.pair import ElectrodePair

if TYPE_CHECKING:
    from pymatgen.analysis.structure_matcher import StructureMatcher

SITE_TOLERANCE = 0.3
"""Largest rms displacement in a kept frame, in units of (volume/atom)^(1/3); pymatgen's default."""
LENGTH_TOLERANCE = 0.25
"""The layer distance of layered frames changes by up to a tenth when the ion leaves, and by more with a solvent."""
ANGLE_TOLERANCE_DEG = 10.0
_TOUCHING = 1.3
_ITSELF_A = 0.1
_UNKNOWN_RADIUS_A = 1.5


def framework_kept(pair: ElectrodePair) -> bool:
    """Whether both ends of a relaxed pair have the same frame without the ion, in any cell and orientation.

    A frame that has collapsed, or whose layers have shifted, is not kept.
    """
    number = ATOMIC_NUMBERS[pair.working_ion]
    full, empty = (_without(crystal, number).to_structure() for crystal in (pair.discharged, pair.charged))
    return bool(_matcher().fit(full, empty))


def falls_apart(crystal: Crystal, frame: Mask) -> bool:
    """Whether some atom of the frame touches no other atom without the ion, such as silicon in Li15Si4.

    Atoms touch within 1.3 times the sum of their covalent radii (Cordero et al., Dalton Trans. 2832 (2008)).

    Args:
        crystal: With n atoms.
        frame: Which atoms belong to the frame, (n,).
    """
    radii = element_table().column("covalent_radius_A")[crystal.numbers[frame]]
    radii = np.where(radii > 0, radii, _UNKNOWN_RADIUS_A)
    reach = 2 * _TOUCHING * float(radii.max())
    positions, owner = images_around(crystal.lattice, crystal.frac[frame], reach)
    atoms = (crystal.frac[frame] - np.floor(crystal.frac[frame])) @ crystal.lattice
    near = cKDTree(atoms).sparse_distance_matrix(cKDTree(positions), reach, output_type="coo_matrix")
    touching = (near.data > _ITSELF_A) & (near.data <= _TOUCHING * (radii[near.row] + radii[owner[near.col]]))
    return bool((np.bincount(near.row[touching], minlength=len(atoms)) == 0).any())


def with_ends(pair: ElectrodePair, discharged: Crystal, charged: Crystal) -> ElectrodePair:
    """The same pair with both ends replaced, for example by relaxed ones.

    Raises:
        ValueError: An end has other atoms than before.
    """
    for before, after in ((pair.discharged, discharged), (pair.charged, charged)):
        if sorted(before.numbers.tolist()) != sorted(after.numbers.tolist()):
            raise ValueError(f"expected {before.formula} in a cell of {before.n_atoms} atoms, got {after.formula}")
    return replace(pair, discharged=discharged, charged=charged)


def _without(crystal: Crystal, number: int) -> Crystal:
    rest = crystal.numbers != number
    return replace(crystal, numbers=crystal.numbers[rest], frac=crystal.frac[rest])


def _matcher() -> StructureMatcher:
    from pymatgen.analysis.structure_matcher import StructureMatcher

    return StructureMatcher(
        ltol=LENGTH_TOLERANCE, stol=SITE_TOLERANCE, angle_tol=ANGLE_TOLERANCE_DEG, primitive_cell=True, scale=True
    )
