"""What flows between the stages of reading: one part of an input goes in, exactly one outcome comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Occupancy = dict[int, float]
"""Atomic number -> occupancy of one site."""


FULL_OCCUPANCY_TOLERANCE = 1e-3
"""A site filled this closely is full: refined occupancies are rounded."""


class UnreadableError(ValueError):
    """The text of an input does not describe a crystal; the message says why."""


@dataclass(frozen=True)
class Sites:
    """A crystal as read, before any check.

    lattice: (3, 3) row vectors in Å; frac: (n, 3); numbers: (n,) atomic numbers, for a site with partial
    occupancy the most abundant element. occupancies: None for an ordered crystal, else one mapping per site.
    own_id: the id the input gives itself, empty if none. flags: remarks the input makes of itself.
    parent_space_group: of an ordered approximant, the space group of the crystal that it stands for, if known.
    charged: of an insertion pair, the charged crystal that came with this one.
    """

    lattice: NDArray[np.float64]
    numbers: NDArray[np.int16]
    frac: NDArray[np.float64]
    occupancies: list[Occupancy] | None = None
    own_id: str = ""
    flags: tuple[str, ...] = ()
    parent_space_group: int | None = None
    charged: Sites | None = None

    @classmethod
    def from_occupancies(
        cls, lattice: NDArray[np.float64], occupancies: list[Occupancy], frac: NDArray[np.float64], own_id: str = ""
    ) -> Sites:
        """Ordered if every site holds one element fully."""
        numbers = np.array([max(site, key=site.__getitem__) for site in occupancies], dtype=np.int16)
        ordered = all(
            len(site) == 1 and abs(next(iter(site.values())) - 1) < FULL_OCCUPANCY_TOLERANCE for site in occupancies
        )
        return cls(lattice, numbers, frac, None if ordered else occupancies, own_id)


@dataclass(frozen=True)
class Part:
    """One crystal's worth of input.

    kind: `cif`, `poscar`, `xyz` (bytes), `row` (the bytes of a JSON object, or the object), `sites` (already decoded).
    source: where it is, as shown to users; stem: its id if it has none of its own.
    flags: remarks that it carries already. reason: not empty if the input was refused before its content was looked at.
    charged: of an insertion pair, the charged crystal that lies beside it.
    """

    kind: str
    source: str
    stem: str
    data: bytes | Mapping[str, Any] | Sites = b""
    reason: str = ""
    flags: tuple[str, ...] = ()
    charged: Part | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a part: a crystal (`sites` set) or a refusal (`stage` and `reason` set)."""

    own_id: str = ""
    sites: Sites | None = None
    digest: int = 0
    flags: tuple[str, ...] = ()
    stage: str = ""
    reason: str = ""
