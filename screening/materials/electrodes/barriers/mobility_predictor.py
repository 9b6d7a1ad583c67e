"""The predictor of how the ion moves in a crystal: for the best of a ranking, or for every candidate if asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from screening.crystals.crystal import Crystal
from screening.crystals.standard_cell import standard_cell
from screening.materials.electrodes.barriers.barrier_predictor import BARRIER_COLUMNS, BarrierPredictor
from screening.materials.electrodes.barriers.mobility import Mobility, find_mobilities
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.end_members.pair_search import find_pairs
from screening.materials.predictor_kind import Description

ONLY_FINALISTS, DIMENSIONS = "finalists", "path_dimensions"
BLOCKED_ABOVE_EV = 1.0
"""Of the lower end of the interval. Hops are 10^6 times rarer than at 0.65 eV, the limit for nanoparticles: a particle
would have to be 1000 times smaller."""
_BLOCKED, _NO_PATH = "ion_sites_blocked", "no_path_found"


@dataclass(frozen=True)
class MobilityPredictor:
    """Describes how the ions of crystals move.

    Attributes:
        barrier: Predicts the barriers of hops; None leaves the columns null, for a later stage to fill.
        working_ion: None takes the one found in each crystal.
    """

    barrier: BarrierPredictor | None
    working_ion: str | None = None

    @classmethod
    def load(cls, release: str, settings: Mapping[str, Any]) -> MobilityPredictor | None:
        """Load a release by name or folder; `finalists` loads nothing yet, `none` gives None.

        Raises:
            RequestError: The release is unknown or damaged.
        """
        ion = settings.get("working_ion")
        if release == ONLY_FINALISTS:
            return cls(None, ion)
        barrier = BarrierPredictor.load(release, settings)
        return None if barrier is None else cls(barrier, ion)

    @property
    def folder(self) -> Path | None:
        """The folder of the release; None without one."""
        return None if self.barrier is None else self.barrier.folder

    @property
    def training(self) -> Mapping[str, Any] | None:
        """Not used: electrodes have no comparison with measured barriers."""
        return None

    def describe(self, crystals: Sequence[Crystal]) -> Description:
        """The barrier of the best way through each of B crystals, its dimensions, and flags."""
        if self.barrier is None or not crystals:
            return _columns([Mobility()] * len(crystals), [""] * len(crystals))
        pairs, found = self._found(crystals)
        return _columns(found, [_flag(*both) for both in zip(pairs, found, strict=True)])

    def mobilities(self, crystals: Sequence[Crystal]) -> list[Mobility]:
        """How the ion moves in each of B crystals, with the hop that decides."""
        return self._found(crystals)[1]

    def _found(self, crystals: Sequence[Crystal]) -> tuple[list[ElectrodePair | NoPair], list[Mobility]]:
        pairs = list(find_pairs(map(standard_cell, crystals), self.working_ion))
        if self.barrier is None:
            return pairs, [Mobility()] * len(pairs)
        return pairs, find_mobilities([_pair(pair) for pair in pairs], self.barrier.predict)


def _pair(pair: ElectrodePair | NoPair) -> ElectrodePair | None:
    return pair if isinstance(pair, ElectrodePair) else None


def _flag(pair: ElectrodePair | NoPair, found: Mobility) -> str:
    if found.searched and found.dimensions is None:
        return _NO_PATH
    return _BLOCKED if found.barrier_eV[1] > BLOCKED_ABOVE_EV and _BLOCKED not in pair.flags else ""


def _columns(found: Sequence[Mobility], flags: Sequence[str]) -> Description:
    barriers = [
        pl.Series(name, [mobility.barrier_eV[end] for mobility in found], dtype=pl.Float64).fill_nan(None)
        for end, name in enumerate(BARRIER_COLUMNS)
    ]
    dimensions = pl.Series(DIMENSIONS, [mobility.dimensions for mobility in found], dtype=pl.Float64)
    return Description([*barriers, dimensions, pl.Series("flags", flags, dtype=pl.String)])
