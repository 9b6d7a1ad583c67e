"""One of the best candidates, with what a chemist wants to see before deciding."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from screening.crystals.crystal import Crystal
from screening.materials.base import CloserLook

_NAME_LENGTH = 40


@dataclass(frozen=True)
class KnownMaterial:
    """The measured material nearest in composition. distance: share of the atoms that differ, 0 to 1, where an element
    of the same group counts half. source: where its figures come from. figures: measured values by column name."""

    formula: str
    name: str
    distance: float
    source: str
    figures: dict[str, float]


@dataclass(frozen=True)
class Finalist:
    """A candidate among the first of a ranking.

    Attributes:
        candidate_id: As in the ranking.
        crystal: As it was scored.
        look: What its material class adds: further crystals, a curve, remarks.
        nearest: The measured material nearest in composition.
    """

    candidate_id: str
    crystal: Crystal
    look: CloserLook = field(default_factory=CloserLook)
    nearest: KnownMaterial | None = None


def folder_name(rank: int, formula: str) -> str:
    """Name of a finalist's folder, safe on every system whatever a file called itself: `01-Nd2Fe14B`."""
    plain = re.sub(r"[^A-Za-z0-9]+", "", formula)[:_NAME_LENGTH]
    return f"{rank:02d}-{plain}" if plain else f"{rank:02d}"
