"""The targets of networks: names in tables, units and physical bounds."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

from screening import plugins
from screening.chemistry.constants import TESLA_PER_MUB_PER_A3

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """A predicted quantity.

    Attributes:
        column: Its name in tables, with the unit.
        label: Its name in words.
        minimum: Physical lower bound.
        trivial_below: Labels up to this count as zero; scores and intervals are also given for those above.
        largest: Larger labels must be in another unit; the maxima of 63,712 Materials Project crystals are 4.5 and 5.9
            eV/atom, 17.9 eV and 0.38 µB/Å3.
        same_within: Labels of one crystal that differ by more contradict each other.
        per_volume: Whether it is a density, to which each atom contributes.
        loss_weight: Weight of its error, in units of the best constant's error, among several targets.
    """

    column: str
    label: str
    minimum: float = -math.inf
    trivial_below: float | None = None
    largest: float = math.inf
    same_within: float = math.inf
    per_volume: bool = False
    loss_weight: float = 1.0


_OURS: dict[str, Target] = {
    target.column: target
    for target in (
        Target("formation_energy_eV_per_atom", "formation energy", largest=10.0, same_within=0.1, loss_weight=5.0),
        Target("energy_above_hull_eV_per_atom", "energy above hull", 0.0, 0.0, 10.0, 0.1),
        Target("band_gap_eV", "PBE band gap", 0.0, 0.1, 25.0, 0.5, loss_weight=2.0),
        Target(
            "magnetization_muB_per_A3",
            "magnetization, ferromagnetic state, 4f frozen",
            minimum=0.0,
            trivial_below=0.1 / TESLA_PER_MUB_PER_A3,  # 0.1 T
            largest=0.5,
            same_within=0.02,
            per_volume=True,
            loss_weight=3.0,
        ),
    )
}


def _with_plug_ins() -> dict[str, Target]:
    """Our targets, then those that other packages declare in the group `screening.targets`."""
    found = dict(_OURS)
    for name, target in plugins.loaded(plugins.TARGETS).items():
        if not isinstance(target, Target) or target.column in found:
            logger.warning("left out: target %s is no Target with a column of its own", name)
        else:
            found[target.column] = target
    return found


TARGETS = _with_plug_ins()
SITE_MOMENT = "site_moment_muB"
"""Absolute magnetic moment of a site in µB, the only target of sites."""
