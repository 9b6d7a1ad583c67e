"""The two ends of an electrode: with the working ion, and with less of it or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from screening.crystals.crystal import Crystal

Origin = Literal["topotactic", "given", "inserted"]


@dataclass(frozen=True)
class ElectrodePair:
    """Both ends of an electrode; all counts are per cell of the discharged crystal.

    Attributes:
        discharged: The crystal with the ion.
        charged: The same frame with less of the ion or none.
        working_ion: Symbol of the ion.
        n_ions_removed: Ions that differ between the ends; a whole number unless given cells differ in size.
        origin: `topotactic` (ions taken out), `given` (both read), `inserted` (ions put into voids of a charged host).
        flags: Flags of the pair, without those of the crystal.
        n_ions_extractable: Ions that leave within the redox limit; NaN if unknown.
        charged_cells: Charged cells per discharged cell.
        n_ions_practical: Ions that leave in practice, at most the extractable ones; NaN if unknown.
        practical_limit: The rule that gives this number, and its source.
    """

    discharged: Crystal
    charged: Crystal
    working_ion: str
    n_ions_removed: float
    origin: Origin
    flags: tuple[str, ...] = ()
    n_ions_extractable: float = float("nan")
    charged_cells: float = 1.0
    n_ions_practical: float = float("nan")
    practical_limit: str = ""

    @property
    def volume_change_percent(self) -> float:
        """From the discharged to the charged crystal; zero by construction unless both were given or relaxed."""
        return 100.0 * (self.charged.volume_A3 * self.charged_cells / self.discharged.volume_A3 - 1.0)


@dataclass(frozen=True)
class NoPair:
    """Why a crystal does not give a pair.

    Attributes:
        reason: In words.
        flags: Its flags in a ranking.
        refused: Whether the input is faulty (only the ion, frames that differ) and must be rejected. If not, the
            crystal is valid, but no electrode or one whose other end cannot be derived.
    """

    reason: str
    flags: tuple[str, ...] = ()
    refused: bool = False
