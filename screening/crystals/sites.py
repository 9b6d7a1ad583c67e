"""A crystal as read, before any check and before sites that several elements share are ordered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Occupancy = dict[int, float]
"""Atomic number -> occupancy of one site."""

FULL_OCCUPANCY_TOLERANCE = 1e-3
"""A site filled this closely is full: refined occupancies are rounded."""

APPROXIMANT = "ordered_approximant"
"""Flag of an ordered crystal that stands for a disordered one."""


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
