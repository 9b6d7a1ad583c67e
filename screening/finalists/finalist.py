"""One of the best candidates, with what a chemist wants to see before deciding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from screening.crystals.crystal import Crystal

CurveKind = Literal["polarization", "voltage"]
_NAME_LENGTH = 40


@dataclass(frozen=True)
class Curve:
    """A line to draw, all lists equally long.

    kind: `polarization`, x the temperature in K and y µ0Ms in T; `voltage`, x the charge taken out in mAh per g, on
    the mass that capacities are counted on, and y the voltage in V, plateaus with two points each, in the order of
    charging.
    lo, hi: ends of the 80 % interval of y, empty where there is none.
    """

    kind: CurveKind
    x: tuple[float, ...]
    y: tuple[float, ...]
    lo: tuple[float, ...] = ()
    hi: tuple[float, ...] = ()


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

    candidate_id: as in the ranking. crystal: as it was scored; of an electrode this is one end, and `charged` the
    other one if that is the charged end, `discharged` if it is the discharged one. remarks: keys of what was found on
    looking closer, as in `REMARKS`.
    """

    candidate_id: str
    crystal: Crystal
    charged: Crystal | None = None
    discharged: Crystal | None = None
    curve: Curve | None = None
    nearest: KnownMaterial | None = None
    remarks: tuple[str, ...] = ()


def folder_name(rank: int, formula: str) -> str:
    """Name of a finalist's folder, safe on every system whatever a file called itself: `01-Nd2Fe14B`."""
    plain = re.sub(r"[^A-Za-z0-9]+", "", formula)[:_NAME_LENGTH]
    return f"{rank:02d}-{plain}" if plain else f"{rank:02d}"
