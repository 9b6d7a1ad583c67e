"""Layered frames: where their layers are, and how far apart they lie once no ion is left between them.

Between empty layers act van der Waals forces, which semilocal functionals lack, so that potentials trained on them leave
the layers where they are or drive them apart. The distance is taken from the size of the anions instead: those of one
layer rest in the hollows between three anions of the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS, by_element
from screening.crystals.crystal import Crystal

_RADII_A = by_element(
    {"O": 1.52, "F": 1.47, "S": 1.80, "Cl": 1.75, "Se": 1.90, "Br": 1.85, "Te": 2.06, "I": 1.98}, np.nan
)
"""Van der Waals radii of anions: Bondi, J. Phys. Chem. 68, 441 (1964)."""
CONTACT = 0.97
"""Distance of anions across an empty gap in sums of these radii: 0.94 to 1.00 in TiS2, ZrS2, HfS2, TaS2, WS2, TiSe2,
ZrSe2 and MoSe2 (R. W. G. Wyckoff, Crystal Structures 1 (1963)), 0.95 in CoO2 (Amatucci, Tarascon and Klein,
J. Electrochem. Soc. 143, 1114 (1996))."""
_NARROWEST_A = 2.0
"""Least height of a gap between planes of anions: 2.6 Å in LiCoO2, and less than 1.5 Å in frames without layers."""
_FLAT_A = 0.25
_CLOSE_PACKED = 0.9
_DIRECTIONS = np.array([v for v in product((-1, 0, 1), repeat=3) if v > (0, 0, 0)], dtype=np.float64)


@dataclass(frozen=True)
class Layers:
    """The layers of a frame.

    Attributes:
        area_A2: Of a layer in the cell.
        thickness_A: Of all layers in the cell, from the lowest to the highest plane of anions of each.
        gaps_A: Heights of the gaps between them.
        empty_A: The same for gaps without ions.
    """

    area_A2: float
    thickness_A: float
    gaps_A: Floats
    empty_A: Floats

    @property
    def empty_volume_A3(self) -> float:
        """Volume of the cell without ions in the gaps."""
        return self.area_A2 * (self.thickness_A + float(self.empty_A.sum()))


def layers(crystal: Crystal, ions: Mask) -> Layers | None:
    """The layers of the frame of a crystal; None if it has none, or if its gaps hold other atoms or end in rough planes.

    Args:
        crystal: With n atoms.
        ions: Which of them are not part of the frame, (n,); all of them lie in gaps.
    """
    reciprocal = np.linalg.inv(crystal.lattice).T
    best = None
    for direction in _DIRECTIONS:
        period_A = 1 / float(np.linalg.norm(direction @ reciprocal))
        found = _along(crystal, ions, direction, period_A)
        if found is not None and (best is None or found.gaps_A.max() > best.gaps_A.max()):
            best = found
    return best


def _along(crystal: Crystal, ions: Mask, direction: Floats, period_A: float) -> Layers | None:
    heights = crystal.frac @ direction % 1.0 * period_A
    order = np.argsort(heights[~ions], kind="stable")
    frame = np.flatnonzero(~ions)[order]
    rising = heights[frame]
    steps = np.append(rising[1:], rising[0] + period_A) - rising
    wide = np.flatnonzero(steps >= _NARROWEST_A)
    if not len(wide):
        return None
    below, gaps = rising[wide], steps[wide]
    above = (heights[ions][:, None] - below) % period_A
    if not ((above < gaps).any(axis=1)).all():
        return None
    area_A2 = crystal.volume_A3 / period_A
    empty = [
        _empty_gap(crystal, frame, [_plane(heights[frame], edge, period_A) for edge in (low, low + gap)], area_A2)
        for low, gap in zip(below, gaps, strict=True)
    ]
    if np.isnan(empty).any():
        return None
    return Layers(area_A2, period_A - float(gaps.sum()), gaps, np.array(empty))


def _plane(heights: Floats, at: float, period_A: float) -> Mask:
    """Which atoms lie in a plane, within the roughness of a layer's surface."""
    apart = (heights - at + period_A / 2) % period_A - period_A / 2
    return np.asarray(np.abs(apart) < _FLAT_A)


def _empty_gap(crystal: Crystal, frame: Floats, planes: list[Mask], area_A2: float) -> float:
    """Height of a gap between two close-packed planes of anions that touch; NaN for other planes."""
    radii, edges = [], []
    for plane in planes:
        atoms = frame[plane]
        own = _RADII_A[crystal.numbers[atoms]]
        edge = float(np.sqrt(2 / np.sqrt(3) * area_A2 / len(atoms)))
        if np.isnan(own).any() or _shortest(crystal, atoms) < _CLOSE_PACKED * edge:
            return float("nan")
        radii.append(own.mean())
        edges.append(edge)
    rest = (CONTACT * sum(radii)) ** 2 - np.mean(edges) ** 2 / 3
    return float(np.sqrt(rest)) if rest > 0 else float("nan")


def _shortest(crystal: Crystal, atoms: Floats) -> float:
    """Shortest distance between the atoms of a plane and their images."""
    frac = crystal.frac[atoms]
    shifts = np.array(list(product((-1, 0, 1), repeat=3)), dtype=np.float64)
    between = (frac[:, None, None] - frac[None, :, None] + shifts) @ crystal.lattice
    lengths = np.linalg.norm(between, axis=-1)
    return float(lengths[lengths > 0.1].min())
