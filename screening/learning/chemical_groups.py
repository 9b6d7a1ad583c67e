"""Chemical groups of crystals, as masks from compositions, for scores by group.

Groups overlap (LiFeO2 is a 3d oxide and a lithium compound), and a crystal may belong to none. The families of elements
come from `screening.chemistry.families`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Mask
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.chemistry.families import (
    CHALCOGENS,
    HALOGENS,
    NOT_IN_ALLOYS,
    OPEN_F_SHELL,
    OXYGEN,
    PNICTOGENS,
    RARE_EARTHS,
    TITANIUM_TO_COPPER,
)

LARGE_CELL_ATOMS = 60


def group_masks(counts: NDArray[np.floating]) -> dict[str, Mask]:
    """Masks of all groups by name.

    Args:
        counts: (B, 119) atoms of each element in the cell as given.
    """
    return {name: found(counts > 0, counts) for name, found in GROUPS.items()}


def _has(present: Mask, elements: Iterable[int]) -> Mask:
    return np.asarray(present[:, list(elements)].any(axis=1))


def alloys(present: Mask) -> Mask:
    """Two or more elements, all of them metals or B, Si, Ge, Sb."""
    return ~_has(present, NOT_IN_ALLOYS) & (present.sum(axis=1) > 1)


def rare_earth_intermetallics(present: Mask, _: NDArray[np.floating]) -> Mask:
    """Alloys with a rare earth (Sc, Y, La to Lu): Nd2Fe14B, SmCo5, YNi2Si2."""
    return alloys(present) & _has(present, RARE_EARTHS)


def other_intermetallics(present: Mask, _: NDArray[np.floating]) -> Mask:
    """Alloys without a rare earth: FePt and Fe3B, but not Fe2P."""
    return alloys(present) & ~_has(present, RARE_EARTHS)


def oxides_3d(present: Mask, _: NDArray[np.floating]) -> Mask:
    """Oxygen and any of Ti to Cu: LiCoO2, BaFe12O19, FePO4, also oxyhalides."""
    return _has(present, OXYGEN) & _has(present, TITANIUM_TO_COPPER)


def oxides_f(present: Mask, _: NDArray[np.floating]) -> Mask:
    """Oxygen and any element with an open f shell (Ce to Yb, Pa to Cm)."""
    return _has(present, OXYGEN) & _has(present, OPEN_F_SHELL)


def other_oxides(present: Mask, _: NDArray[np.floating]) -> Mask:
    """Oxygen without any of Ti to Cu or an open f shell: MgO, SiO2, LiAlO2, sulfates."""
    return _has(present, OXYGEN) & ~_has(present, TITANIUM_TO_COPPER) & ~_has(present, OPEN_F_SHELL)


def halides(present: Mask, _: NDArray[np.floating]) -> Mask:
    """Any F, Cl, Br or I, oxyhalides included."""
    return _has(present, HALOGENS)


def chalcogenides(present: Mask, _: NDArray[np.floating]) -> Mask:
    """Any S, Se or Te, and no oxygen or halogen."""
    return _has(present, CHALCOGENS) & ~_has(present, (*OXYGEN, *HALOGENS))


def pnictides(present: Mask, _: NDArray[np.floating]) -> Mask:
    """Any N, P or As, and no oxygen, chalcogen or halogen: GaN, Fe2P, LiFeAs."""
    return _has(present, PNICTOGENS) & ~_has(present, (*OXYGEN, *CHALCOGENS, *HALOGENS))


def lithium_sodium(present: Mask, _: NDArray[np.floating]) -> Mask:
    """Any Li or Na."""
    return _has(present, (ATOMIC_NUMBERS["Li"], ATOMIC_NUMBERS["Na"]))


def large_cells(_: Mask, counts: NDArray[np.floating]) -> Mask:
    """More than 60 atoms in the cell as given."""
    return np.asarray(counts.sum(axis=1) > LARGE_CELL_ATOMS)


def elements(present: Mask, _: NDArray[np.floating]) -> Mask:
    """A single element."""
    return np.asarray(present.sum(axis=1) == 1)


GROUPS: dict[str, Callable[[Mask, NDArray[np.floating]], Mask]] = {
    "rare-earth intermetallics": rare_earth_intermetallics,
    "3d oxides": oxides_3d,
    "halides": halides,
    "Li/Na compounds": lithium_sodium,
    "cells above 60 atoms": large_cells,
    "other intermetallics": other_intermetallics,
    "f-electron oxides": oxides_f,
    "other oxides": other_oxides,
    "sulfides, selenides, tellurides": chalcogenides,
    "nitrides, phosphides, arsenides": pnictides,
    "elements": elements,
}
"""Mask functions by name; the intervals of a release must hold for the first five groups."""
