"""Directions of measured moments in uniaxial crystals: base rates for 3d metals, and a test of the 4f rule.

The vectors of MAGNDATA (Gallego et al., J. Appl. Cryst. 49, 1750 (2016)) show an easy axis or plane in antiferromagnets
as well as in ferromagnets, because the single-ion energy is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.elements import indicator
from screening.chemistry.families import OPEN_4F
from screening.crystals.packed import PackedCrystals, pack
from screening.crystals.symmetry import space_group_numbers
from screening.materials.exclusions import of_excluded
from screening.materials.magnets.anisotropy.anisotropy import METAL, OTHER, is_metal
from screening.materials.magnets.anisotropy.axes import find_axes
from screening.materials.magnets.anisotropy.crystal_field import four_f_anisotropy, held_by_3d_moments
from screening.materials.magnets.anisotropy.quadrupoles import quadrupoles
from screening.materials.magnets.carriers import MAGNETIC_METALS
from screening.materials.magnets.order.order_labels import crystal_key, read_magndata

AXIS, TILTED, PLANE, NO_MOMENT = 1, 0, -1, -2
_LEAST_4F_MUB, _LEAST_3D_MUB = 0.3, 0.2
_ALONG, _ACROSS = 0.75, 0.25  # mean square cosine to the axis
_TETRAGONAL, _CUBIC = 75, 195  # first space groups of the uniaxial and of the cubic crystals
_SAME_A = 0.05


@dataclass(frozen=True)
class Directions:
    """D uniaxial magnetic structures; directions are `AXIS`, `TILTED`, `PLANE` or `NO_MOMENT`.

    Attributes:
        packed: The crystals.
        counts: Atoms of each element, (D, 119).
        axis: Unit vectors, (D, 3).
        four_f: Direction of the rare earths with a quadrupole, (D,).
        host: Direction of the 3d metals, (D,).
        vote: Share of the vote of the composition, (D,).
    """

    packed: PackedCrystals
    counts: Floats
    axis: Floats
    four_f: NDArray[np.int64]
    host: NDArray[np.int64]
    vote: Floats


def read_directions(file: Path, excluded: Sequence[str] = ()) -> Directions:
    """The directions in `magndata.jsonl.gz`, but for compounds with one of the excluded formulas.

    Raises:
        RequestError: The file is missing or cannot be read.
    """
    structures = [row for row in read_magndata(file) if row.moment_muB.ndim == 2]
    packed = pack([row.crystal for row in structures])
    kept = np.flatnonzero(~of_excluded(packed.element_counts(), excluded))
    structures, packed = [structures[row] for row in kept], packed.take(kept)
    axes = find_axes(packed)
    uniaxial = np.flatnonzero(axes.uniaxial)
    groups = space_group_numbers([structures[row].crystal for row in uniaxial], _SAME_A)
    rows = np.array(
        [
            row
            for row, group in zip(uniaxial, groups, strict=True)
            if group is not None and _TETRAGONAL <= group < _CUBIC
        ],
        dtype=np.int64,
    )
    four_f, host = np.full(len(rows), NO_MOMENT), np.full(len(rows), NO_MOMENT)
    for i, row in enumerate(rows):
        numbers, moment = structures[row].crystal.numbers, structures[row].moment_muB
        four_f[i] = _direction(moment[quadrupoles()[numbers] != 0], axes.axis[row], _LEAST_4F_MUB)
        host[i] = _direction(moment[indicator(MAGNETIC_METALS)[numbers] > 0], axes.axis[row], _LEAST_3D_MUB)
    keys = [crystal_key(structures[row].crystal.numbers) for row in rows]
    repeats = Counter(keys)
    vote = np.array([1 / repeats[key] for key in keys])
    chosen = packed.take(rows)
    return Directions(chosen, chosen.element_counts(), axes.axis[rows], four_f, host, vote)


def _direction(moment: Floats, axis: Floats, least_muB: float) -> int:
    moment = moment[np.linalg.norm(moment, axis=1) > least_muB]
    if not len(moment):
        return NO_MOMENT
    along = float(((moment @ axis) ** 2).sum() / (moment**2).sum())
    return AXIS if along > _ALONG else PLANE if along < _ACROSS else TILTED


def host_directions(directions: Directions) -> dict[str, dict[str, float]]:
    """Votes for axis, plane and tilted moments of 3d metals in `METAL` and `OTHER` crystals without open 4f shells."""
    alone = directions.counts @ indicator(OPEN_4F) == 0
    metal = is_metal(directions.counts)
    names = {"axis": AXIS, "plane": PLANE, "tilted": TILTED}
    return {
        kind: {
            name: float(directions.vote[alone & rows & (directions.host == way)].sum()) for name, way in names.items()
        }
        for kind, rows in ((METAL, metal), (OTHER, ~metal))
    }


def four_f_scores(directions: Directions) -> dict[str, dict[str, Any]]:
    """How often the 4f rule gives the measured direction, with and without enough 3d moments.

    Returns:
        For each group the number of compositions with a clear direction, the share that is right, and the share of the
        more frequent direction.
    """
    clear = np.flatnonzero(np.isin(directions.four_f, (AXIS, PLANE)))
    K1 = four_f_anisotropy(directions.packed.take(clear), directions.axis[clear])
    right = np.sign(K1[:, 0]) == directions.four_f[clear]
    held = held_by_3d_moments(directions.counts[clear])
    scores = {}
    for name, rows in (("held by 3d moments", held), ("alone", ~held)):
        vote, axial = directions.vote[clear][rows], directions.four_f[clear][rows] == AXIS
        n = float(vote.sum())
        share = float(vote @ axial) / n if n else 0.0
        scores[name] = {
            "n": n,
            "right": float(vote @ right[rows]) / n if n else None,
            "majority": max(share, 1 - share) if n else None,
        }
    return scores
