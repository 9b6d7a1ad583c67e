"""What a network learns: the targets, their names in tables, units and physical bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One predicted quantity; `column` carries the unit.

    minimum: physical lower bound of the value; trivial_below: labels up to this count as zero, and scores and
    intervals are judged apart above it.
    """

    column: str
    label: str
    minimum: float = -math.inf
    trivial_below: float | None = None


TARGETS: dict[str, Target] = {
    target.column: target
    for target in (
        Target("formation_energy_eV_per_atom", "formation energy"),
        Target("energy_above_hull_eV_per_atom", "energy above hull", 0.0, 0.0),
        Target("band_gap_eV", "PBE band gap", 0.0, 0.1),
        # 0.1 T over 11.6541 T per µB/Å3
        Target("magnetization_muB_per_A3", "magnetisation, ferromagnetic state, 4f frozen", 0.0, 0.1 / 11.6541),
    )
}
SITE_MOMENT = "site_moment_muB"
"""Absolute magnetic moment of a site in µB: the one per-site target."""
