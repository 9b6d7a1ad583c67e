"""The axis of uniaxial crystals from the surroundings of their atoms, and descriptors of magnetic atoms along it.

The second-rank tensor of the bond directions has the symmetry of the crystal class. It is isotropic in cubic crystals
and has one axis in tetragonal, trigonal and hexagonal ones, and three different principal values otherwise. So it
identifies uniaxial crystals without a symmetry search, which takes milliseconds per crystal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.element_table import element_table
from screening.chemistry.elements import indicator
from screening.crystals.packed import PackedCrystals
from screening.graphs.neighbours import neighbour_pairs
from screening.materials.arrays import FEATURE_DECIMALS
from screening.materials.magnets.carriers import MAGNETIC_METALS

AXIS_FEATURES = (
    "volume_A3 per atom",
    "axis all",
    "axis metal metal",
    "axis metal rest",
    "contacts of metal",
    "metal contacts of metal",
    "nearest contact of metal",
)
_CUTOFF_A = 4.0
_CLOSE_A, _DECAY_A = 2.5, 0.5
_ISOTROPIC = 3e-4
"""Smaller deviations from one third count as cubic."""
_AXIAL, _NEARLY_AXIAL = 0.03, 0.15
"""Largest difference of the two similar principal values of a uniaxial crystal, over the distance to the third."""


@dataclass(frozen=True)
class Axes:
    """The axes of B crystals.

    Axis features are the mean square cosine of bonds to the axis minus one third, for all bonds or some of them. They
    are positive for bonds along the axis.

    Attributes:
        features: `AXIS_FEATURES`, (B, F); NaN where they are undefined.
        axis: Unit vectors, (B, 3); arbitrary in isotropic crystals.
        uniaxial: (B,).
        nearly: Whether the crystal is at least nearly uniaxial, as after a relaxation, (B,).
        isotropic: As in cubic crystals, (B,).
    """

    features: Floats
    axis: Floats
    uniaxial: NDArray[np.bool_]
    nearly: NDArray[np.bool_]
    isotropic: NDArray[np.bool_]

    def with_known(self, axis: Floats) -> Axes:
        """The same with the axes of some crystals known to be uniaxial, (B, 3); NaN elsewhere."""
        known = np.asarray(np.isfinite(axis).all(axis=1))
        return Axes(
            self.features,
            np.where(known[:, None], axis, self.axis),
            self.uniaxial | known,
            self.nearly | known,
            self.isotropic & ~known,
        )


def find_axes(packed: PackedCrystals) -> Axes:
    """The axes of crystals; without bonds of Cr, Mn, Fe, Co or Ni, the features about these are NaN."""
    size = len(packed)
    # an atom is its own neighbour at an infinite distance, of weight zero
    pairs = neighbour_pairs(packed, np.full(size, _CUTOFF_A), with_self=True)
    distance = pairs.distance.numpy()
    unit = pairs.vectors().numpy() / distance[:, None]
    weight = np.exp(-(distance - _CLOSE_A) / _DECAY_A)
    crystal_of = packed.owner
    centre, neighbour = pairs.centre.numpy(), pairs.neighbour.numpy()
    owner = crystal_of[centre]
    numbers = packed.numbers.astype(np.int64)
    electronegativity = element_table().column("electronegativity_pauling")[numbers]
    # L1_0 order has an axis on a cubic lattice of sites, so differences between the neighbours count too
    unlike = weight * np.abs(electronegativity[centre] - electronegativity[neighbour])
    is_metal = indicator(MAGNETIC_METALS)[numbers] > 0
    of_metal, to_metal = is_metal[centre], is_metal[neighbour]
    metal_weight, between = weight * of_metal, weight * (of_metal & to_metal)
    weights = np.stack([weight, unlike, between, metal_weight - between])
    every, of_unlike, *of_metals = _deviations(owner, weights, unit, size)
    clearer = np.linalg.norm(of_unlike, axis=(1, 2)) > np.linalg.norm(every, axis=(1, 2))
    values, vectors = np.linalg.eigh(np.where(clearer[:, None, None], of_unlike, every))
    # the axis belongs to the principal value that differs most from the other two
    low, high = values[:, 1] - values[:, 0], values[:, 2] - values[:, 1]
    chosen = np.where(high >= low, 2, 0)
    rows = np.arange(size)
    axis = vectors[rows, :, chosen]
    isotropic = np.abs(values).max(axis=1) < _ISOTROPIC
    uniaxial, nearly = (
        ~isotropic & (np.minimum(low, high) < most * np.maximum(low, high)) for most in (_AXIAL, _NEARLY_AXIAL)
    )
    metals = np.bincount(crystal_of[is_metal], minlength=size)
    nearest = np.full(size, np.inf)
    np.minimum.at(nearest, owner[of_metal], distance[of_metal])
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = [packed.volume_A3 / packed.n_atoms, np.einsum("bi,bij,bj->b", axis, every, axis)]
        columns += [np.einsum("bi,bij,bj->b", axis, tensor, axis) for tensor in of_metals]
        columns += [np.bincount(owner, part, size) / metals for part in (metal_weight, between)]
        columns.append(np.where(np.isfinite(nearest), nearest, np.nan))
    return Axes(np.round(np.stack(columns, axis=1), FEATURE_DECIMALS), axis, uniaxial, nearly, isotropic)


def _deviations(owner: NDArray[np.int64], weights: Floats, unit: Floats, size: int) -> Floats:
    """Weighted means of the dyads of unit vectors (E, 3) minus a third of the identity, (K, B, 3, 3).

    They are zero without weights. owner: crystals in ascending order, (E,); weights: (K, E).
    """
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    dyads = np.stack([unit[:, i] * unit[:, j] for i, j in pairs])
    present = np.flatnonzero(np.bincount(owner, minlength=size))
    sums = np.zeros((len(weights), len(pairs), size))
    if len(present):
        starts = np.searchsorted(owner, present)
        sums[:, :, present] = np.add.reduceat(weights[:, None] * dyads, starts, axis=2)
    tensor = np.empty((len(weights), size, 3, 3))
    for index, (i, j) in enumerate(pairs):
        tensor[:, :, i, j] = tensor[:, :, j, i] = sums[:, index]
    trace = np.trace(tensor, axis1=2, axis2=3)[..., None, None]
    return np.where(trace > 0, tensor / np.where(trace > 0, trace, 1.0) - np.eye(3) / 3, 0.0)
