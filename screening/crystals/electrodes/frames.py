"""What the loss of the ion does to the frame: change of volume, and whether the arrangement is still the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from screening.crystals.crystal import Crystal
from screening.crystals.electrodes.pair import ElectrodePair
from screening.crystals.elements import ATOMIC_NUMBERS

if TYPE_CHECKING:
    from pymatgen.analysis.structure_matcher import StructureMatcher

SITE_TOLERANCE = 0.3
"""Largest rms displacement of a kept frame, in units of (volume/atom)^(1/3); pymatgen's own default."""
LENGTH_TOLERANCE = 0.25
"""Layered frames change their layer distance by up to a tenth when they lose the ion, and by more when solvated."""
ANGLE_TOLERANCE_DEG = 10.0


def framework_kept(pair: ElectrodePair) -> bool:
    """Whether both ends have the same frame once the ion is taken out of both, in any cell and orientation.

    Of a pair after relaxation: a frame that has collapsed, or whose layers have glided, is not kept.
    """
    number = ATOMIC_NUMBERS[pair.working_ion]
    full, empty = (_without(crystal, number).to_structure() for crystal in (pair.discharged, pair.charged))
    return bool(_matcher().fit(full, empty))


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
