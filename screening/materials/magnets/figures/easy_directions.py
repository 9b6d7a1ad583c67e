"""The easy direction of a uniaxial crystal: along the axis, on a cone or in the plane.

E = K1 sin²θ + K2 sin⁴θ + ... is least at the easy angle. Its probabilities are shares of the samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screening.array_types import Floats
from screening.materials.magnets.figures.anisotropy_constant import AnisotropyFigures, Constants

AXIS, CONE, PLANE, CUBIC, UNKNOWN = "axis", "cone", "plane", "cubic", "unknown"
UNDECIDED = 0.35, 0.65
"""Probabilities of an easy axis between which no direction is said."""
_LEAST_COUNTED = 0.25
"""Share of samples below the Curie temperature below which no direction is said."""
_SQUARES = np.linspace(0.0, 1.0, 41)
"""Values of sin²θ at which energies are compared."""


def easy_squares(constants: Constants) -> Floats:
    """sin²θ of the easy direction of each sample, (B, S): 0 along the axis, 1 in the plane; NaN without K1.

    Samples above the Curie temperature have no K1 and no direction.
    """
    result = np.where(constants.K1 > 0, 0.0, 1.0)
    for row in np.flatnonzero((constants.higher != 0).any(axis=(0, 2))):
        parts = [constants.K1[row], *constants.higher[:, row]]
        energy = sum(part[:, None] * _SQUARES**order for order, part in enumerate(parts, start=1))
        result[row] = _SQUARES[np.nan_to_num(energy).argmin(axis=1)]
    return np.where(np.nan_to_num(constants.K1) == 0, np.nan, result)


@dataclass(frozen=True)
class EasyDirections:
    """Probabilities of the easy directions of B uniaxial crystals, (B,) each; NaN where they are unknown.

    Attributes:
        axis: P(along the axis); 0 for other symmetries.
        cone: P(on a cone).
        cone_angle_deg: Median angle to the axis of the samples on a cone; NaN without any.
        counted: Share of the samples that have a direction.
    """

    axis: Floats
    cone: Floats
    cone_angle_deg: Floats
    counted: Floats


def easy_directions(found: AnisotropyFigures, constants: Constants) -> EasyDirections:
    """Probabilities from samples; where the symmetry is unknown, the crystal counts as uniaxial with 0.5."""
    squares = easy_squares(constants)
    known = np.isfinite(squares)
    counted = known.sum(axis=1)
    tilted = (squares > 0) & (squares < 1)
    with np.errstate(invalid="ignore"):
        axis, cone = (squares == 0).sum(axis=1) / counted, tilted.sum(axis=1) / counted
    factor = np.where(np.isnan(found.uniaxial), 0.5, 1.0)
    angles = np.degrees(np.arcsin(np.sqrt(np.where(tilted, squares, np.nan))))
    rows = np.flatnonzero(tilted.any(axis=1))
    median = np.full(len(squares), np.nan)
    median[rows] = np.nanmedian(angles[rows], axis=1)
    lower = found.uniaxial == 0
    return EasyDirections(
        np.where(lower, 0.0, axis * factor),
        np.where(lower, 0.0, cone * factor),
        median,
        counted / max(squares.shape[1], 1),
    )


def easy_labels(found: AnisotropyFigures, easy: EasyDirections) -> tuple[list[str], Floats]:
    """Easy direction of each row and the probability of this label, (B,), NaN for `unknown`.

    It is unknown where an easy axis is about as likely as not, where neither cone nor plane has half of the
    probability, and where most samples are above the Curie temperature. In crystals of lower symmetry no axis or plane
    is fixed by symmetry.
    """
    labels, probability = [], np.full(len(easy.axis), np.nan)
    for row, (cubic, uniaxial) in enumerate(zip(found.cubic, found.uniaxial, strict=True)):
        if cubic:
            labels.append(CUBIC)
            probability[row] = 1.0
            continue
        weight = 1.0 if uniaxial == 1 else 0.5
        axis, cone = easy.axis[row] / weight, easy.cone[row] / weight
        label, sure = _most_likely(axis, cone)
        if uniaxial == 0 or np.isnan(axis) or easy.counted[row] < _LEAST_COUNTED or label == UNKNOWN:
            labels.append(UNKNOWN)
        else:
            labels.append(label)
            probability[row] = sure * weight
    return labels, probability


def _most_likely(axis: float, cone: float) -> tuple[str, float]:
    """A label and its probability, from those of axis and cone; the plane has the rest."""
    if axis >= UNDECIDED[1]:
        return AXIS, axis
    label, sure = (CONE, cone) if cone > 1 - axis - cone else (PLANE, 1 - axis - cone)
    return (label, sure) if axis <= UNDECIDED[0] and sure >= 0.5 else (UNKNOWN, float("nan"))
