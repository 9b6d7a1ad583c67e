"""A crystal as read, before checks and before partial occupancies are ordered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.chemistry.formulas import Amounts

Occupancy = dict[int, float]
"""Occupancies of one site by atomic number."""

FULL_OCCUPANCY_TOLERANCE = 1e-3
"""A site this close to full counts as full, because refined occupancies are rounded."""

APPROXIMANT = "ordered_approximant"
"""Flag of an ordered crystal that represents a disordered one."""

TRACE = "trace_left_out"
"""Flag of a disordered crystal with an element that none of its approximants has."""


@dataclass(frozen=True)
class Sites:
    """A crystal as read, before any check.

    Attributes:
        lattice: (3, 3) row vectors in Å.
        numbers: (n,) atomic numbers; of a site with partial occupancy, the most abundant element.
        frac: (n, 3) fractional coordinates.
        occupancies: None for an ordered crystal, else a mapping for each site.
        own_id: The id in the input; empty if it has none.
        flags: Flags in the input.
        parent_space_group: Of an ordered approximant, the space group of the disordered crystal, if known.
        charged: The charged end of an insertion pair, if this crystal is the discharged end.
        parent_axis: Of an ordered approximant, the direction of the main axis of a tetragonal, trigonal or hexagonal
            disordered crystal; empty of any other.
        composition: Of an ordered approximant, atoms of each element in a formula of the disordered crystal.
        weight: Of an ordered approximant, its share in averages over all approximants of the crystal.
        approximants: The other approximants of the same crystal.
        is_alloy: Whether the input asks for an alloy, so that ordering it needs no further permission.
    """

    lattice: NDArray[np.float64]
    numbers: NDArray[np.int16]
    frac: NDArray[np.float64]
    occupancies: list[Occupancy] | None = None
    own_id: str = ""
    flags: tuple[str, ...] = ()
    parent_space_group: int | None = None
    charged: Sites | None = None
    composition: Amounts = ()
    parent_axis: tuple[float, ...] = ()
    weight: float = 1.0
    approximants: tuple[Sites, ...] = ()
    is_alloy: bool = False

    @property
    def loses_elements(self) -> bool:
        """Whether an element of a disordered crystal is in none of its approximants."""
        there = {int(z) for each in (self, *self.approximants) for z in each.numbers}
        return any(z not in there for z, _ in self.composition)

    @classmethod
    def from_occupancies(
        cls, lattice: NDArray[np.float64], occupancies: list[Occupancy], frac: NDArray[np.float64], own_id: str = ""
    ) -> Sites:
        """Sites from their occupancies; ordered if every site is fully occupied by one element."""
        numbers = np.array([max(site, key=site.__getitem__) for site in occupancies], dtype=np.int16)
        ordered = all(
            len(site) == 1 and abs(next(iter(site.values())) - 1) < FULL_OCCUPANCY_TOLERANCE for site in occupancies
        )
        return cls(lattice, numbers, frac, None if ordered else occupancies, own_id)
