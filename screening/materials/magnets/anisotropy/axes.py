"""Whether the surroundings of the atoms single out one axis, and how the magnetic atoms lie along it.

The second-rank tensor of the bond directions has the symmetry of the crystal class: isotropic in cubic crystals, one
axis in tetragonal, trigonal and hexagonal ones, three unlike ones else. So it tells uniaxial crystals without a search
for symmetry, which takes milliseconds a crystal.
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
"""Deviations from one third below this are a cubic crystal's."""
_AXIAL, _NEARLY_AXIAL = 0.03, 0.15
"""The two like principal values of a uniaxial crystal differ by less than this part of the distance to the third."""


@dataclass(frozen=True)
class Axes:
    """features: (B, F) `AXIS_FEATURES`, NaN where there is none; axis: (B, 3) unit vectors; uniaxial: (B,); nearly: or
    close to it, as after a relaxation (B,); isotropic, as in cubic crystals: (B,).

    An axis feature is the mean square cosine to the axis less a third, of all bonds or some: positive where they
    point along it. The axis means nothing in isotropic crystals.
    """

    features: Floats
    axis: Floats
    uniaxial: NDArray[np.bool_]
    nearly: NDArray[np.bool_]
    isotropic: NDArray[np.bool_]


def find_axes(packed: PackedCrystals) -> Axes:
    """Axes of crystals; those without Cr, Mn, Fe, Co or Ni bonds have NaN in the columns that are about these."""
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
    # L1_0 order has an axis in a cubic lattice of sites: what is told from unlike neighbours counts too
    unlike = weight * np.abs(electronegativity[centre] - electronegativity[neighbour])
    is_metal = indicator(MAGNETIC_METALS)[numbers] > 0
    of_metal, to_metal = is_metal[centre], is_metal[neighbour]
    metal_weight, between = weight * of_metal, weight * (of_metal & to_metal)
    weights = np.stack([weight, unlike, between, metal_weight - between])
    every, of_unlike, *of_metals = _deviations(owner, weights, unit, size)
    clearer = np.linalg.norm(of_unlike, axis=(1, 2)) > np.linalg.norm(every, axis=(1, 2))
    values, vectors = np.linalg.eigh(np.where(clearer[:, None, None], of_unlike, every))
    # the axis belongs to the principal value that lies apart from the other two
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
    return Axes(np.stack(columns, axis=1), axis, uniaxial, nearly, isotropic)


def _deviations(owner: NDArray[np.int64], weights: Floats, unit: Floats, size: int) -> Floats:
    """(K, B, 3, 3) weighted means of the dyads of unit vectors (E, 3), less a third of the identity; weights: (K, E).

    Zeros without any vector of weight. owner: (E,) crystals in ascending order.
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
