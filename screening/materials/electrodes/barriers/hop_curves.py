"""Curves of the ion's energy along the hop that decides how fast it moves, for the cards of the best.

The learned barrier is one number. The shape of the curve is that of the ion's energy in a frame that stands still,
along the path bent around its atoms; its height is the barrier in the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from screening.materials.base import Curve, Finalists
from screening.materials.electrodes.barriers.barrier_predictor import BARRIER_COLUMNS
from screening.materials.electrodes.barriers.migration_path import MigrationPath
from screening.materials.electrodes.barriers.mobility_predictor import MobilityPredictor
from screening.materials.electrodes.barriers.rigid_path import PathSurroundings, bent, evenly

_PLACES = 33
_FLAT_EV = 0.01


def hop_curves(finalists: Finalists, thorough: str) -> dict[int, Curve]:
    """Row -> curve, for those of N finalists that have a barrier.

    Args:
        finalists: The best of a ranking.
        thorough: The release that gave them their barriers if none was loaded for all candidates.
    """
    predictor = finalists.predictors.get("mobility")
    barriers = _barriers(finalists.table.to_dicts())
    if not isinstance(predictor, MobilityPredictor) or not barriers:
        return {}
    if predictor.barrier is None:
        predictor = MobilityPredictor.load(thorough, {"working_ion": predictor.working_ion})
    if predictor is None:
        return {}
    found = predictor.mobilities([finalists.crystals[row] for row in barriers])
    known = zip(barriers.items(), found, strict=True)
    curves = {row: hop_curve(one.path, ends) for (row, ends), one in known if one.path is not None}
    return {row: curve for row, curve in curves.items() if curve is not None}


def _barriers(rows: Sequence[Mapping[str, Any]]) -> dict[int, tuple[float, float, float]]:
    """Row -> barrier with the ends of its interval, of those that have one."""
    found: dict[int, tuple[float, float, float]] = {}
    for row, values in enumerate(rows):
        value, low, high = (values.get(name) for name in BARRIER_COLUMNS)
        if value is not None and low is not None and high is not None:
            found[row] = float(value), float(low), float(high)
    return found


def hop_curve(path: MigrationPath, barrier_eV: tuple[float, float, float]) -> Curve | None:
    """The energy along a path, from its lowest point, with the interval of the barrier.

    Args:
        path: One that `check_path` has nothing against.
        barrier_eV: Value, lower and upper end.

    Returns:
        The curve; None if there is no barrier to draw, or if the energy in the frame at rest is flat.
    """
    around = PathSurroundings.of(path)
    points = evenly(bent(around, path.points_A), _PLACES)
    energies = around.energies(points)
    height = float(np.ptp(energies))
    if not height > _FLAT_EV or not barrier_eV[0] > _FLAT_EV:
        return None
    shape = (energies - energies.min()) / height
    way_A = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    value, low, high = (tuple((end * shape).tolist()) for end in barrier_eV)
    return Curve("hop", tuple(way_A.tolist()), value, low, high)
