"""Apply symmetry operations to the listed sites: special positions are merged, rounded coordinates restored.

A site lies on a special position if operations move it by no more than the digits of its coordinates allow. It is then
moved onto the position that these operations leave alone: 0.333 becomes 1/3. A site whose images nearly coincide beyond
that stays as it is, and is refused later as overlapping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from screening.crystals.reading.cif.atom_sites import FINEST, ListedSite
from screening.crystals.reading.cif.operations import STEPS, Operations
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.remarks import LISTED_TWICE, POSITIONS_RESTORED
from screening.crystals.sites import FULL_OCCUPANCY_TOLERANCE, Occupancy

_ONE_PLACE_A = 0.5
"""Images farther apart than this are two atoms, however rounded their coordinates are."""
_COINCIDE = 2 * FINEST
_MOST_ON_A_SITE = 1.01


@dataclass
class Contribution:
    """A listed kind of atom on an orbit, and at which of its places it was listed."""

    occupancy: Occupancy
    label: str
    places: set[int] = field(default_factory=set)


@dataclass
class Orbit:
    """Equivalent positions.

    Attributes:
        frac: (m, 3) fractional coordinates.
        contributions: What sits on them.
    """

    frac: NDArray[np.float64]
    contributions: list[Contribution]

    @property
    def occupancy(self) -> Occupancy:
        """Amounts by atomic number on each position."""
        total: Occupancy = {}
        for contribution in self.contributions:
            for z, amount in contribution.occupancy.items():
                total[z] = total.get(z, 0.0) + amount
        return total


@dataclass
class Expanded:
    """All positions of a cell.

    Attributes:
        orbits: Equivalent positions, in the order of the file.
        multiplicities: Of each listed site, the number of its positions.
        flags: What was noticed.
    """

    orbits: list[Orbit]
    multiplicities: list[int]
    flags: list[str]

    @property
    def frac(self) -> NDArray[np.float64]:
        """(n, 3) fractional coordinates of all positions."""
        return np.concatenate([orbit.frac for orbit in self.orbits])

    @property
    def occupancies(self) -> list[Occupancy]:
        """Amounts by atomic number on each of the n positions."""
        return [dict(occupancy) for orbit in self.orbits for occupancy in [orbit.occupancy] * len(orbit.frac)]

    @property
    def amounts(self) -> Occupancy:
        """Atoms of each element in the cell."""
        total: Occupancy = {}
        for orbit in self.orbits:
            for z, amount in orbit.occupancy.items():
                total[z] = total.get(z, 0.0) + amount * len(orbit.frac)
        return total


def expand(
    sites: Sequence[ListedSite], operations: Operations, lattice: NDArray[np.float64], max_atoms: int
) -> Expanded:
    """All positions of a cell.

    Args:
        sites: The listed sites.
        operations: The symmetry operations.
        lattice: (3, 3) row vectors in Å.
        max_atoms: Most positions.

    Raises:
        UnreadableError: There are more positions, or more than one atom shares one.
    """
    if len(sites) * len(operations) > 50 * max_atoms:
        raise UnreadableError(f"{len(sites)} sites under {len(operations)} symmetry operations: far more than "
                              f"the limit of {max_atoms} atoms")  # fmt: skip
    frac = np.array([site.frac for site in sites])
    precision = np.array([site.precision for site in sites])
    restored = _restore(frac, precision, operations, lattice)
    cell = _Cell(operations, lattice, max_atoms)
    multiplicities = [cell.add(site, frac[row]) for row, site in enumerate(sites)]
    flags = [LISTED_TWICE] if cell.close() else []
    return Expanded(cell.orbits, multiplicities, [POSITIONS_RESTORED] * restored + flags)


def _images(frac: NDArray[np.float64], operations: Operations) -> NDArray[np.float64]:
    """(..., n, 3) images of positions (..., 3), not wrapped into the cell."""
    moved = np.einsum("nij,...j->...ni", operations.rotations.astype(np.float64), frac)
    return moved + operations.shifts / STEPS


def _restore(
    frac: NDArray[np.float64], precision: NDArray[np.float64], operations: Operations, lattice: NDArray[np.float64]
) -> bool:
    """Move positions in place onto the special positions that they are on; True if one moved by more than noise."""
    if len(operations) == 1:
        return False
    difference = _images(frac, operations) - frac[:, None, :]
    difference -= np.rint(difference)
    allowed = np.einsum("nij,mj->mni", np.abs(operations.rotations).astype(np.float64), precision) + precision[:, None]
    near = (np.abs(difference) <= allowed).all(axis=-1)
    near &= ((difference @ lattice) ** 2).sum(axis=-1) < _ONE_PLACE_A**2
    moved = False
    for row in np.flatnonzero(near.sum(axis=1) > 1):
        shift = difference[row][near[row]].mean(axis=0)
        outwards = shift * np.where(
            frac[row] < 0, -1, 1
        )  # digits were cut off, or rounded up or down by a half at most
        is_rounding = (outwards <= precision[row]) & (outwards >= -(precision[row] + FINEST) / 2)
        if is_rounding.all() and _is_fixed(frac[row] + shift, near[row], operations):
            frac[row] += shift
            moved |= bool(np.abs(shift).max() > FINEST)
    return moved


def _is_fixed(position: NDArray[np.float64], kept: NDArray[np.bool_], operations: Operations) -> bool:
    """Whether the chosen operations leave a position alone, which they do if they are a group."""
    chosen = Operations(operations.rotations[kept], operations.shifts[kept])
    difference = _images(position, chosen) - position
    return bool((np.abs(difference - np.rint(difference)) < 1e-6).all())


class _Cell:
    """Positions so far."""

    def __init__(self, operations: Operations, lattice: NDArray[np.float64], max_atoms: int) -> None:
        self._operations = operations
        self._lattice = lattice
        self._max_atoms = max_atoms
        self.orbits: list[Orbit] = []
        self._frac = np.empty((max_atoms, 3))
        self._tolerance = np.empty((max_atoms, 3))
        self._owner: list[tuple[int, int]] = []

    def add(self, site: ListedSite, frac: NDArray[np.float64]) -> int:
        """Add a site; returns the number of its positions."""
        found = self._find(site, frac)
        if found is None:
            return self._add_orbit(site, frac)
        orbit, place = self.orbits[found[0]], found[1]
        for contribution in orbit.contributions:
            if place not in contribution.places and contribution.occupancy == site.occupancy:
                contribution.places.add(place)
                return len(orbit.frac)
        orbit.contributions.append(Contribution(site.occupancy, site.label, {place}))
        return len(orbit.frac)

    def close(self) -> bool:
        """Check what shares positions; True if sites were listed beside their own images."""
        twice = False
        for orbit in self.orbits:
            for contribution in orbit.contributions:
                listed = len(contribution.places)
                if listed > 1 and not (listed == len(orbit.frac) or _is_full(contribution.occupancy)):
                    raise UnreadableError(
                        f"site {contribution.label} is listed at {listed} of its {len(orbit.frac)} equivalent "
                        "positions, so its occupancy cannot be known: list it once"
                    )
                twice |= listed > 1
            total = sum(orbit.occupancy.values())
            if total > _MOST_ON_A_SITE:
                raise UnreadableError(f"overlapping atoms: one place is occupied {total:.3g} times "
                                      f"({', '.join(c.label for c in orbit.contributions[:4])})")  # fmt: skip
        return twice

    def _find(self, site: ListedSite, frac: NDArray[np.float64]) -> tuple[int, int] | None:
        """The orbit and the place on it that a site shares."""
        count = len(self._owner)
        if not count:
            return None
        difference = self._frac[:count] - frac
        difference -= np.rint(difference)
        np.abs(difference, out=difference)
        exact = (difference <= _COINCIDE).all(axis=1)
        if exact.any():
            return self._owner[int(np.flatnonzero(exact)[difference[exact].sum(axis=1).argmin()])]
        if not _is_full(site.occupancy):
            return None
        # An atom beside its own image, both rounded: they cannot be two atoms, they are too close.
        for index in np.flatnonzero((difference <= self._tolerance[:count] + site.precision).all(axis=1)):
            orbit, place = self._owner[index]
            gap = (self._frac[index] - frac - np.rint(self._frac[index] - frac)) @ self._lattice
            first = self.orbits[orbit].contributions[0]
            if first.occupancy == site.occupancy and place not in first.places and gap @ gap < _ONE_PLACE_A**2:
                return orbit, place
        return None

    def _add_orbit(self, site: ListedSite, frac: NDArray[np.float64]) -> int:
        positions = _distinct(_images(frac, self._operations)) if len(self._operations) > 1 else frac[None]
        start, end = len(self._owner), len(self._owner) + len(positions)
        if end > self._max_atoms:
            raise UnreadableError(f"more than the limit of {self._max_atoms} atoms in the cell")
        self._frac[start:end] = positions
        self._tolerance[start:end] = site.precision
        self._owner.extend((len(self.orbits), place) for place in range(len(positions)))
        self.orbits.append(Orbit(positions, [Contribution(site.occupancy, site.label, {0})]))
        return len(positions)


def _distinct(images: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, 3) images that do not coincide, in the order of the operations, each with coordinates from 0 to 1."""
    wrapped = images - np.floor(images)
    wrapped[wrapped > 1 - 1e-9] = 0.0
    close = np.ones((len(images), len(images)), dtype=bool)
    for axis in range(3):
        along = wrapped[:, None, axis] - wrapped[None, :, axis]
        along -= np.rint(along)
        close &= np.abs(along) <= _COINCIDE
    first = close.argmax(axis=1)
    return wrapped[first == np.arange(len(images))]


def _is_full(occupancy: Occupancy) -> bool:
    return len(occupancy) == 1 and abs(next(iter(occupancy.values())) - 1) < FULL_OCCUPANCY_TOLERANCE
