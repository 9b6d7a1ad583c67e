"""The two ends of an electrode: what it is with the working ion inside and what is left when the ion has gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from screening.crystals.crystal import Crystal

Origin = Literal["topotactic", "given", "inserted"]


@dataclass(frozen=True)
class ElectrodePair:
    """Both end members of an electrode; all counts are per cell of the discharged crystal.

    discharged: holds the ion; charged: the same frame with less of it or none. n_ions_removed: ions between the two;
    not whole only where given cells differ in size. n_ions_extractable: those of them that leave within the redox
    limit, NaN where that is not known. charged_cells: cells of `charged` that make one of `discharged`.
    origin: `topotactic` (ions taken out), `given` (both read), `inserted` (ions put into voids of a charged host).
    flags: as in `screening.materials.flags`, without those of the crystal itself.
    """

    discharged: Crystal
    charged: Crystal
    working_ion: str
    n_ions_removed: float
    origin: Origin
    flags: tuple[str, ...] = ()
    n_ions_extractable: float = float("nan")
    charged_cells: float = 1.0

    @property
    def volume_change_percent(self) -> float:
        """From the discharged to the charged crystal; zero by construction unless both were given or relaxed."""
        return 100.0 * (self.charged.volume_A3 * self.charged_cells / self.discharged.volume_A3 - 1.0)


@dataclass(frozen=True)
class NoPair:
    """Why a crystal has no two ends. flags: what to say of it in a ranking.

    refused: the input itself is at fault (only the ion remains, frames that differ) and belongs among the rejected;
    else the crystal is sound but no electrode, or not one whose other end can be derived.
    """

    reason: str
    flags: tuple[str, ...] = ()
    refused: bool = False
