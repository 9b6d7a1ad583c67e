"""What the loss of the ion does to the frame: change of volume, and whether the arrangement is still the same."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.images import images_around
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.resources import resource

if TYPE_CHECKING:
    from pymatgen.analysis.structure_matcher import StructureMatcher

SITE_TOLERANCE = 0.3
"""Largest rms displacement of a kept frame, in units of (volume/atom)^(1/3); pymatgen's own default."""
LENGTH_TOLERANCE = 0.25
"""Layered frames change their layer distance by up to a tenth when they lose the ion, and by more when solvated."""
ANGLE_TOLERANCE_DEG = 10.0
_TOUCHING = 1.3
_ITSELF_A = 0.1


def framework_kept(pair: ElectrodePair) -> bool:
    """Whether both ends have the same frame once the ion is taken out of both, in any cell and orientation.

    Of a pair after relaxation: a frame that has collapsed, or whose layers have glided, is not kept.
    """
    number = ATOMIC_NUMBERS[pair.working_ion]
    full, empty = (_without(crystal, number).to_structure() for crystal in (pair.discharged, pair.charged))
    return bool(_matcher().fit(full, empty))


def falls_apart(crystal: Crystal, frame: Mask) -> bool:
    """Whether some atom of the frame, a mask (n,), touches no other once the ion has gone, as silicon from Li15Si4.

    Atoms touch within 1.3 sums of their covalent radii (Cordero et al., Dalton Trans. 2832 (2008)).
    """
    radii = _covalent_radii()[crystal.numbers[frame]]
    reach = 2 * _TOUCHING * float(radii.max())
    positions, owner = images_around(crystal.lattice, crystal.frac[frame], reach)
    atoms = (crystal.frac[frame] - np.floor(crystal.frac[frame])) @ crystal.lattice
    near = cKDTree(atoms).sparse_distance_matrix(cKDTree(positions), reach, output_type="coo_matrix")
    touching = (near.data > _ITSELF_A) & (near.data <= _TOUCHING * (radii[near.row] + radii[owner[near.col]]))
    return bool((np.bincount(near.row[touching], minlength=len(atoms)) == 0).any())


@lru_cache(maxsize=1)
def _covalent_radii() -> Floats:
    """In Å by atomic number, (119,); 1.5 for elements without one."""
    radii = np.full(len(SYMBOLS), 1.5)
    with (resource("datasets") / "elements" / "properties.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            radii[int(row["number"])] = float(row["covalent_radius_A"])
    return radii


def with_ends(pair: ElectrodePair, discharged: Crystal, charged: Crystal) -> ElectrodePair:
    """The same pair with both ends replaced by relaxed ones of the same atoms. Raises ValueError for other atoms."""
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
