"""Layered frames: where their layers are, and how far apart they lie once no ion is left between them.

Between empty layers act van der Waals forces, which semilocal functionals lack, so that potentials trained on them
leave the layers where they are or drive them apart. The distance is taken from the size of the anions instead: those
of one layer rest in the hollows between three anions of the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.chemistry.elements import by_element
from screening.crystals.crystal import Crystal

_RADII_A = by_element(
    {"O": 1.52, "F": 1.47, "S": 1.80, "Cl": 1.75, "Se": 1.90, "Br": 1.85, "Te": 2.06, "I": 1.98}, np.nan
)
"""Van der Waals radii of anions: Bondi, J. Phys. Chem. 68, 441 (1964)."""
CONTACT = 0.97
"""Distance of anions across an empty gap in sums of these radii: 0.94 to 1.00 in TiS2, ZrS2, HfS2, TaS2, WS2, TiSe2,
ZrSe2 and MoSe2 (R. W. G. Wyckoff, Crystal Structures 1 (1963)), 0.95 in CoO2 (Amatucci, Tarascon and Klein,
J. Electrochem. Soc. 143, 1114 (1996))."""
_ANION_RADII_A = by_element(
    {"O": 1.40, "F": 1.33, "S": 1.84, "Cl": 1.81, "Se": 1.98, "Br": 1.96, "Te": 2.21, "I": 2.20}, np.nan
)
"""Radii of six-coordinated anions beside ions: Shannon, Acta Cryst. A32, 751 (1976)."""
_NARROWEST_A = 2.0
"""Least height of a gap between planes of anions: 2.6 Å in LiCoO2, and less than 1.5 Å in frames without layers."""
_FLAT_A = 0.25
_CLOSE_PACKED = 0.9
_DIRECTIONS = np.array([v for v in product((-1, 0, 1), repeat=3) if v > (0, 0, 0)], dtype=np.float64)


@dataclass(frozen=True)
class Layers:
    """The layers of a frame.

    Attributes:
        direction: The cell's reciprocal vector across the layers, in whole numbers, (3,).
        lows_A: Height of the plane below each of the G gaps, (G,).
        area_A2: Of a layer in the cell.
        thickness_A: Of all layers in the cell, from the lowest to the highest plane of anions of each.
        gaps_A: Heights of the gaps between them, (G,).
        edges_A: Distances of neighboring anions along the planes beside each gap, (G,).
        contacts_A: Distances of anions across each gap when it is empty, (G,).
        anions_A: Radii of the anions beside each gap, (G,).
    """

    direction: Floats
    lows_A: Floats
    area_A2: float
    thickness_A: float
    gaps_A: Floats
    edges_A: Floats
    contacts_A: Floats
    anions_A: Floats

    @property
    def empty_gaps_A(self) -> Floats:
        """Heights of gaps without ions, (G,): anions in the hollows between three of the next layer."""
        return np.asarray(np.sqrt(self.contacts_A**2 - self.edges_A**2 / 3))

    @property
    def empty_volume_A3(self) -> float:
        """Volume of the cell without ions in the gaps."""
        return self.area_A2 * (self.thickness_A + float(self.empty_gaps_A.sum()))

    def full_volume_A3(self, ion_radius_A: float) -> float:
        """Volume of the cell with ions between six anions each in the gaps."""
        return self.area_A2 * (self.thickness_A + float(self._full_gaps_A(ion_radius_A).sum()))

    def opened(self, crystal: Crystal, ion_radius_A: float) -> Crystal:
        """The crystal of these layers with its gaps as high as ions between six anions each need; none shrinks."""
        grown = np.maximum(self._full_gaps_A(ion_radius_A) - self.gaps_A, 0.0)
        across = self.direction @ np.linalg.inv(crystal.lattice).T
        period_A = 1 / float(np.linalg.norm(across))
        normal = across * period_A
        cells, within = np.divmod(crystal.frac @ self.direction, 1.0)
        passed = within[:, None] * period_A > self.lows_A + self.gaps_A / 2
        shifts_A = cells * grown.sum() + passed @ grown
        lattice = crystal.lattice + np.outer(self.direction * grown.sum(), normal)
        positions = crystal.frac @ crystal.lattice + np.outer(shifts_A, normal)
        return replace(crystal, lattice=lattice, frac=positions @ np.linalg.inv(lattice))

    def _full_gaps_A(self, ion_radius_A: float) -> Floats:
        bonds = ion_radius_A + self.anions_A
        return np.asarray(2 * np.sqrt(np.maximum(bonds**2 - self.edges_A**2 / 3, 0.0)))


def layers(crystal: Crystal, ions: Mask) -> Layers | None:
    """The layers of the frame of a crystal; None without layers, or if a gap does not lie between planes of anions.

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
    sides = [
        _side(crystal, frame, [_plane(heights[frame], edge, period_A) for edge in (low, low + gap)], area_A2)
        for low, gap in zip(below, gaps, strict=True)
    ]
    if any(side is None for side in sides):
        return None
    edges, contacts, anions = np.array(sides, dtype=np.float64).T
    return Layers(direction, below, area_A2, period_A - float(gaps.sum()), gaps, edges, contacts, anions)


def _plane(heights: Floats, at: float, period_A: float) -> Mask:
    """Which atoms lie in a plane, within the roughness of a layer's surface."""
    apart = (heights - at + period_A / 2) % period_A - period_A / 2
    return np.asarray(np.abs(apart) < _FLAT_A)


def _side(
    crystal: Crystal, frame: NDArray[np.int64], planes: list[Mask], area_A2: float
) -> tuple[float, float, float] | None:
    """Edge, contact and radius of the anions in the two planes beside a gap; None unless they are close-packed."""
    contact, radius, edges = 0.0, 0.0, []
    for plane in planes:
        atoms = frame[plane]
        numbers = crystal.numbers[atoms]
        edges.append(float(np.sqrt(2 / np.sqrt(3) * area_A2 / len(atoms))))
        contact += CONTACT * float(_RADII_A[numbers].mean())
        radius += float(_ANION_RADII_A[numbers].mean()) / len(planes)
        if np.isnan(contact) or _shortest(crystal, atoms) < _CLOSE_PACKED * edges[-1]:
            return None
    edge = float(np.mean(edges))
    return (edge, contact, radius) if contact > edge / np.sqrt(3) else None


def _shortest(crystal: Crystal, atoms: NDArray[np.int64]) -> float:
    """Shortest distance between the atoms of a plane and their images."""
    frac = crystal.frac[atoms]
    shifts = np.array(list(product((-1, 0, 1), repeat=3)), dtype=np.float64)
    between = (frac[:, None, None] - frac[None, :, None] + shifts) @ crystal.lattice
    lengths = np.linalg.norm(between, axis=-1)
    return float(lengths[lengths > 0.1].min())
