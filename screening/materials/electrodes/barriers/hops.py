"""Hops of an ion between neighboring sites of a crystal, sorted into kinds, with a bond-valence energy for each kind.

The ion goes straight to a vacancy; all other ions stay. Energies are those of formal charges and a repulsion in a frame
that stands still (`screening.materials.electrodes.end_members.site_energy`). They are several times too high, but their
order is that of calculated barriers (rank correlation 0.6 with 560 published ones), so they choose what to look at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.barriers.percolation import Hop, network_dimensions, percolation
from screening.materials.electrodes.end_members.images import Integers, distances, images_around
from screening.materials.electrodes.end_members.periodic_graph import Image
from screening.materials.electrodes.end_members.roles import has_anions
from screening.materials.electrodes.end_members.site_energy import CUTOFF_A, Frame, site_energies
from screening.materials.electrodes.end_members.voids import energy_frame, find_voids
from screening.materials.electrodes.end_members.windows import windows

LONGEST_A = 7.5
"""99 of 100 published paths are shorter."""
HARD_EV = 15.0
"""Bond-valence energies above this are looked at twice: barriers of 1 eV and more become common there."""
_NARROWEST = 0.44
"""Least distance from an atom on a straight path, over the shortest one for an ion at rest, in 95 of 100 such paths."""
_OWN_SITE_A = 1.2
"""Voids nearer to a site of the ion are that site."""
_INSIDE = 0.98
_STEPS, _STEP_A = 12, 0.1
_FARTHEST_A = _STEPS * _STEP_A
_N_LINE = 9
_SAME_A, _SAME_EV, _SAME_SHARE = 0.02, 0.02, 0.01


@dataclass(frozen=True)
class HopNetwork:
    """The hops of an ion.

    Attributes:
        crystal: The discharged crystal.
        ion: Symbol of the ion.
        sites: Fractional coordinates, (s, 3); those of the ion first, then voids.
        n_own: Number of sites that hold the ion.
        hops: All hops of the cell.
        energies_eV: Bond-valence barrier of each kind of hop, (k,); infinite if it is not open.
        open: Whether the straight path of each kind leads past all atoms, (k,).
    """

    crystal: Crystal
    ion: str
    sites: Floats
    n_own: int
    hops: tuple[Hop, ...]
    energies_eV: Floats
    open: Mask

    @property
    def crossing_eV(self) -> float:
        """The highest bond-valence barrier on the best way through the crystal; infinite if there is none."""
        found = percolation(self.hops, np.where(self.open, self.energies_eV, np.nan))
        return found.barrier_eV if found.kind >= 0 else float("inf")

    def ends(self, hop: Hop) -> Floats:
        """Fractional coordinates of both ends, (2, 3)."""
        return np.array([self.sites[hop.first], self.sites[hop.second] + np.array(hop.image)])

    def first_of(self, kind: int) -> Hop:
        """One of the hops of a kind."""
        return next(hop for hop in self.hops if hop.kind == kind)


def find_hops(crystal: Crystal, ion: str, enough_eV: float = float("-inf")) -> HopNetwork:
    """The hops between the sites of the ion, or through voids where straight ones are hard or lead nowhere.

    Args:
        crystal: The discharged crystal.
        ion: Symbol of the ion.
        enough_eV: Hops that cross the crystal below this bond-valence energy end the search, the shortest first.
    """
    held = crystal.numbers == ATOMIC_NUMBERS[ion]
    own = crystal.frac[held] - np.floor(crystal.frac[held])
    straight = _network(crystal, ion, own, len(own), enough_eV)
    if len(own) == 0 or straight.crossing_eV < max(HARD_EV, enough_eV):
        return straight
    voids = find_voids(crystal.lattice, crystal.numbers[~held], crystal.frac[~held], ion).frac
    if len(voids):
        voids = voids[distances(crystal.lattice, voids, own, _OWN_SITE_A).min(axis=1) >= _OWN_SITE_A]
    bent = _network(crystal, ion, np.vstack([own, voids]), len(own), enough_eV)
    return bent if bent.crossing_eV < straight.crossing_eV else straight


def vacated(network: HopNetwork, hop: Hop) -> Floats:
    """Fractional coordinates of the ions, (m, 3), that are taken out for a hop: those in or too near to its ends."""
    ends, own = network.ends(hop), network.sites[: network.n_own]
    reach = windows(network.ion, has_anions(network.crystal.numbers)).ion_ion_A
    lattice = network.crystal.lattice
    positions, owner = images_around(lattice, own, LONGEST_A + reach)
    cartesian = ends @ lattice
    near = np.zeros(len(positions), dtype=bool)
    for site, end in zip((hop.first, hop.second), cartesian, strict=True):
        apart = np.linalg.norm(positions - end, axis=1)
        near |= apart < (0.01 if site < network.n_own else reach)
    del owner
    return np.asarray(positions[near] @ np.linalg.inv(lattice))


def _network(crystal: Crystal, ion: str, sites: Floats, n_own: int, enough_eV: float) -> HopNetwork:
    found = HopNetwork(crystal, ion, sites, n_own, (), np.zeros(0), np.zeros(0, dtype=bool))
    if len(sites) == 0:
        return found
    surroundings = _Surroundings.of(crystal, ion)
    hops: list[Hop] = []
    kinds: list[_Kind] = []
    for first, second, image in _neighbors(crystal.lattice, sites):
        hop = Hop(first, second, image, -1)
        if min(first, second) >= n_own and not _spaced(found, hop):
            continue
        first_end, second_end = found.ends(hop) @ crystal.lattice
        line = np.linspace(first_end, second_end, _N_LINE)
        frame, clearance = surroundings.without(vacated(found, hop) @ crystal.lattice, line)
        kind = _Kind.of(frame, line, clearance)
        number = next((index for index, known in enumerate(kinds) if known.equals(kind)), len(kinds))
        if number == len(kinds):
            kinds.append(kind.relaxed(frame, line))
        hops.append(Hop(first, second, image, number))
        if kinds[number].clearance >= _NARROWEST and kinds[number].barrier_eV < enough_eV:
            low = np.array([known.clearance >= _NARROWEST and known.barrier_eV < enough_eV for known in kinds])
            if network_dimensions(hops, low):
                break
    energies = np.array([kind.barrier_eV for kind in kinds])
    passable = np.array([kind.clearance >= _NARROWEST for kind in kinds], dtype=bool)
    return replace(found, hops=tuple(hops), energies_eV=energies, open=passable)


def _spaced(network: HopNetwork, hop: Hop) -> bool:
    """Whether voids are far enough apart to be two sites."""
    return bool(np.linalg.norm(np.subtract(*network.ends(hop)) @ network.crystal.lattice) > _OWN_SITE_A)


def _neighbors(lattice: Floats, sites: Floats) -> list[tuple[int, int, Image]]:
    """Pairs of sites up to `LONGEST_A` apart with no third site in the sphere between them, the nearest first.

    Such pairs, each listed once, are the edges of the Gabriel graph (Gabriel & Sokal, Syst. Zool. 18, 259 (1969)).
    """
    positions, owner = images_around(lattice, sites, 1.5 * LONGEST_A)
    cells = np.rint(positions @ np.linalg.inv(lattice) - (sites - np.floor(sites))[owner]).astype(int)
    tree, home = cKDTree(positions), (sites - np.floor(sites)) @ lattice
    found = []
    for first, near in enumerate(tree.query_ball_point(home, LONGEST_A)):
        for index in near:
            second, image = int(owner[index]), tuple(int(step) for step in cells[index])
            if second < first or (second == first and image <= (0, 0, 0)):
                continue
            middle = (home[first] + positions[index]) / 2
            radius = float(np.linalg.norm(positions[index] - home[first])) / 2
            if not tree.query_ball_point(middle, _INSIDE * radius):
                found.append((round(2 * radius, 2), first, second, (image[0], image[1], image[2])))
    return [(first, second, image) for _, first, second, image in sorted(found)]


@dataclass(frozen=True)
class _Surroundings:
    """All atoms within reach of any hop."""

    frame: Frame
    nearest_A: Floats
    is_ion: Mask
    tree: cKDTree

    @classmethod
    def of(cls, crystal: Crystal, ion: str) -> _Surroundings:
        ionic = has_anions(crystal.numbers)
        limits = windows(ion, ionic)
        positions, owner = images_around(crystal.lattice, crystal.frac, LONGEST_A + CUTOFF_A)
        frame = energy_frame(positions, crystal.numbers, owner, ion, limits, ionic)
        numbers = crystal.numbers[owner]
        return cls(frame, limits.nearest_A[numbers], numbers == ATOMIC_NUMBERS[ion], cKDTree(positions))

    def without(self, ions: Floats, line: Floats) -> tuple[Frame, float]:
        """The atoms near a line, (p, 3), but for these ions, (m, 3), and the least clearance along it."""
        reach = CUTOFF_A + float(np.linalg.norm(line[-1] - line[0])) / 2
        near: Integers = np.array(self.tree.query_ball_point(line.mean(axis=0), reach), dtype=np.intp)
        positions = self.frame.positions[near]
        if len(ions):
            gone = self.is_ion[near] & (cKDTree(ions).query(positions)[0] < 0.01)
            near, positions = near[~gone], positions[~gone]
        apart = np.linalg.norm(line[:, None] - positions[None], axis=2) / self.nearest_A[near]
        frame = Frame(positions, self.frame.charges[near], self.frame.contacts_A[near], self.frame.ion_charge)
        return frame, float(apart.min())


@dataclass(frozen=True)
class _Kind:
    """What tells kinds of hops apart: their length and the energies along them, read from either end."""

    length_A: float
    line_eV: Floats
    clearance: float
    barrier_eV: float

    @classmethod
    def of(cls, frame: Frame, line: Floats, clearance: float) -> _Kind:
        energies = site_energies(frame, line)[0]
        return cls(float(np.linalg.norm(line[-1] - line[0])), energies, clearance, float("nan"))

    def equals(self, other: _Kind) -> bool:
        if abs(self.length_A - other.length_A) > _SAME_A:
            return False
        return any(
            np.allclose(self.line_eV, line, rtol=_SAME_SHARE, atol=_SAME_EV)
            for line in (other.line_eV, other.line_eV[::-1])
        )

    def relaxed(self, frame: Frame, line: Floats) -> _Kind:
        if self.clearance < _NARROWEST:
            return replace(self, barrier_eV=float("inf"))
        return replace(self, barrier_eV=bond_valence_barrier(frame, line))


def bond_valence_barrier(frame: Frame, line: Floats) -> float:
    """The highest energy of the ion along a line, (p, 3), over that of its lower end, in eV.

    Each point is moved downhill in the plane normal to the line.
    """
    along = (line[-1] - line[0]) / np.linalg.norm(line[-1] - line[0])
    points, length = line.copy(), np.full(len(line), _STEP_A)
    near = frame.near(line, CUTOFF_A + _FARTHEST_A)
    energies, slopes = site_energies(frame, points, near)
    for _ in range(_STEPS):
        across = slopes - (slopes @ along)[:, None] * along
        size = np.linalg.norm(across, axis=1, keepdims=True)
        trial = points - across / np.maximum(size, 1e-9) * np.minimum(length[:, None], _STEP_A * size)
        found, steeper = site_energies(frame, trial, near)
        better = found < energies
        points[better], energies[better], slopes[better] = trial[better], found[better], steeper[better]
        length = np.where(better, np.minimum(1.2 * length, _STEP_A), 0.4 * length)
    return float(energies.max() - min(energies[0], energies[-1]))
