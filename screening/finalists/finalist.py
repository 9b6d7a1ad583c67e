"""A finalist: one of the best candidates with everything that its card shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from screening.crystals.crystal import Crystal
from screening.materials.base import CloserLook

_NAME_LENGTH = 40


@dataclass(frozen=True)
class KnownMaterial:
    """A measured material close to a candidate in composition.

    Attributes:
        formula: Its formula.
        name: Its common name.
        distance: Share of the atoms that differ, 0 to 1; an exchange within a group of the periodic table counts half.
        source: Where its figures come from.
        figures: Measured values by column.
    """

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
        look: Further crystals, a curve and remarks from its material class.
        nearest: The measured material nearest in composition.
    """

    candidate_id: str
    crystal: Crystal
    look: CloserLook = field(default_factory=CloserLook)
    nearest: KnownMaterial | None = None


def folder_name(rank: int, formula: str) -> str:
    """Name of a finalist's folder, such as `01-Nd2Fe14B`; safe on every system, whatever the formula contains."""
    plain = re.sub(r"[^A-Za-z0-9]+", "", formula)[:_NAME_LENGTH]
    return f"{rank:02d}-{plain}" if plain else f"{rank:02d}"
