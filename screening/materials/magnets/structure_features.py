"""Descriptors of a structure for its magnetism: distances and numbers of neighbouring magnetic atoms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.element_table import element_table
from screening.chemistry.elements import ATOMIC_NUMBERS, indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.crystals.packed import PackedCrystals
from screening.graphs.neighbours import neighbour_pairs
from screening.materials.arrays import FEATURE_DECIMALS
from screening.materials.magnets.carriers import MAGNETIC_METALS

CUTOFF_A = 5.0
"""Magnetic atoms that are farther apart are not neighbours."""

_PAIRS = ("metal metal", "metal earth", "earth earth")
_SHELLS_A = (2.8, 3.4, 4.2)
_SHELL_WIDTH_A = 0.1
_DECAY_A = 0.4


@lru_cache(maxsize=1)
def structure_names() -> tuple[str, ...]:
    """The columns of `structure_features`."""
    return (
        "volume_A3 per atom",
        "volume_A3 per metal",
        "volume_A3 per earth",
        "packing",
        *(f"nearest_A {pair}" for pair in _PAIRS),
        *(f"mean nearest_A {pair}" for pair in _PAIRS),
        "spread nearest_A metal metal",
        *(f"metals within {shell} A" for shell in _SHELLS_A),
        "metal exchange",
        "anisotropy of exchange",
        "nearest_A Mn Mn",
    )


def structure_features(packed: PackedCrystals, counts: Floats) -> Floats:
    """Descriptors of B crystals.

    `metal` is Cr, Mn, Fe, Co or Ni, `earth` an element with an open 4f shell. Distances are those of the nearest pair,
    and the mean over atoms of the distance to the nearest one; `CUTOFF_A` stands for all that is farther. `metal
    exchange` is the mean over metals of sum(exp(-(d - 2.5 Å) / 0.4 Å)), an estimate of direct exchange. `anisotropy of
    exchange` runs from 0 (the directions in this sum are isotropic) to 1 (all along one line).

    Args:
        packed: The crystals.
        counts: Atoms of each element, (B, 119).

    Returns:
        The columns `structure_names`, (B, F); NaN where a column has no meaning.
    """
    features = np.full((len(packed), len(structure_names())), np.nan)
    volume, atoms = packed.volume_A3, packed.n_atoms
    metals, earths = counts @ indicator(MAGNETIC_METALS), counts @ indicator(ELEMENT_GROUPS["open_4f"])
    spheres = counts @ (4 / 3 * np.pi * element_table().column("covalent_radius_A") ** 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        features[:, 0] = volume / atoms
        features[:, 1] = np.where(metals > 0, volume / metals, np.nan)
        features[:, 2] = np.where(earths > 0, volume / earths, np.nan)
        features[:, 3] = spheres / volume
    rows = np.flatnonzero(metals + earths > 0)
    if len(rows):
        features[rows, 4:] = _of_neighbours(_only_magnetic(packed.take(rows)))
    return np.round(features, FEATURE_DECIMALS)


def _only_magnetic(packed: PackedCrystals) -> PackedCrystals:
    """The same cells with only their 3d metals and open 4f shells."""
    return packed.keep_atoms((indicator(MAGNETIC_METALS) + indicator(ELEMENT_GROUPS["open_4f"]))[packed.numbers] > 0)


@dataclass(frozen=True)
class _Neighbours:
    """The N magnetic atoms of all crystals and their pairs.

    Attributes:
        size: Number of crystals, B.
        owner: Crystal of each atom, (N,).
        metal: Which atoms are metals and not rare earths, (N,).
        centre: First atom of each pair.
        neighbour: Second atom of each pair.
        distance: In Å.
        vector: From centre to neighbour, in Å.
    """

    size: int
    owner: NDArray[np.int64]
    metal: NDArray[np.bool_]
    centre: NDArray[np.int64]
    neighbour: NDArray[np.int64]
    distance: Floats
    vector: Floats

    def nearest(self, of: NDArray[np.bool_], to: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
        """Least, mean and spread over the atoms `of` of the distance to the nearest atom `to`, (B,) each."""
        nearest = np.full(len(self.owner), CUTOFF_A)
        pairs = of[self.centre] & to[self.neighbour]
        np.minimum.at(nearest, self.centre[pairs], self.distance[pairs])
        own = of & (self.total(to) > 0)[self.owner]
        owner, values = self.owner[own], nearest[own]
        least = np.full(self.size, np.nan)
        np.fmin.at(least, owner, values)
        number = np.bincount(owner, minlength=self.size)
        mean = np.bincount(owner, values, self.size) / number
        square = np.bincount(owner, values**2, self.size) / number
        return least, mean, np.sqrt(np.maximum(square - mean**2, 0.0))

    def total(self, atoms: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Number of these atoms in each crystal, (B,)."""
        return np.bincount(self.owner[atoms], minlength=self.size)


def _of_neighbours(magnetic: PackedCrystals) -> Floats:
    """The columns of `structure_names` that need distances, (B, 13); every crystal has at least one atom."""
    pairs = neighbour_pairs(magnetic, np.full(len(magnetic), CUTOFF_A))
    found = _Neighbours(
        len(magnetic),
        magnetic.owner,
        indicator(MAGNETIC_METALS)[magnetic.numbers] > 0,
        pairs.centre.numpy(),
        pairs.neighbour.numpy(),
        pairs.distance.numpy(),
        pairs.vectors().numpy(),
    )
    manganese = magnetic.numbers == ATOMIC_NUMBERS["Mn"]
    with np.errstate(divide="ignore", invalid="ignore"):
        metals = found.nearest(found.metal, found.metal)
        mixed, earths = found.nearest(found.metal, ~found.metal), found.nearest(~found.metal, ~found.metal)
        columns = [part[i] for i in (0, 1) for part in (metals, mixed, earths)]
        columns += [metals[2], *_coordination(found), found.nearest(manganese, manganese)[0]]
    return np.stack(columns, axis=1)


def _coordination(found: _Neighbours) -> list[Floats]:
    """Smoothed numbers of metals within each shell of a metal, the exchange sum and its anisotropy, (B,) each."""
    between = found.metal[found.centre] & found.metal[found.neighbour]
    distance, owner = found.distance[between], found.owner[found.centre[between]]
    metals = found.total(found.metal)
    shells = [
        np.bincount(owner, 0.5 - 0.5 * np.tanh((distance - s) / _SHELL_WIDTH_A), found.size) / metals for s in _SHELLS_A
    ]
    weight = np.exp(-(distance - 2.5) / _DECAY_A)
    exchange = np.bincount(owner, weight, found.size)
    unit = found.vector[between] / distance[:, None]
    tensor = np.zeros((found.size, 3, 3))
    np.add.at(tensor, owner, weight[:, None, None] * unit[:, :, None] * unit[:, None, :])
    tensor /= np.where(exchange > 0, exchange, np.nan)[:, None, None]
    deviation = np.where(np.isfinite(tensor), tensor, 1 / 3) - np.eye(3) / 3
    anisotropy = np.sqrt(1.5 * (deviation**2).sum(axis=(1, 2)))
    return [*shells, exchange / metals, np.where(exchange > 0, anisotropy, np.nan)]
