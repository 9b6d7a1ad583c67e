"""Sanity checks of a crystal as read; each returns the first problem in words, or an empty text."""

from __future__ import annotations

import hashlib
from itertools import product
from math import ceil, hypot

import numpy as np
from numpy.typing import NDArray

from screening.chemistry.elements import SYMBOLS
from screening.crystals.read_settings import ReadSettings
from screening.crystals.sites import FULL_OCCUPANCY_TOLERANCE, Sites

MIN_PLANE_SPACING_A = 0.3
"""Below this the cell is flat, or so skewed that a neighbour search takes too long (smallest in MP: 0.39 Å)."""
MAX_LATTICE_VECTOR_A = 500.0
"""Longest plausible cell edge (largest in MP: 211 Å)."""
MAX_COORDINATE = 1e4
"""Fractional coordinates beyond this are Cartesian or meaningless."""
HEAVIEST_ELEMENT = 103

_BLOCK = 1 << 18


def find_problem(sites: Sites, settings: ReadSettings) -> str:
    """Why a crystal cannot be scored; empty if it can."""
    return find_cell_problem(sites, settings) or find_atom_problem(sites, settings)


def find_cell_problem(sites: Sites, settings: ReadSettings) -> str:
    """Problems that ordering cannot solve: lattice, number of atoms, non-finite positions, unknown elements."""
    lattice, frac, count = sites.lattice, sites.frac, len(sites.numbers)
    if lattice.shape != (3, 3) or frac.shape != (count, 3):
        return f"arrays that do not fit: a lattice of {lattice.shape}, {count} species, positions of {frac.shape}"
    if not np.isfinite(lattice).all():
        return "the lattice holds NaN or infinite numbers"
    if count == 0:
        return "no atoms"
    longest = max(hypot(*vector) for vector in lattice.tolist())
    if longest > MAX_LATTICE_VECTOR_A:
        return f"a lattice vector is {longest:.4g} Å long (limit {MAX_LATTICE_VECTOR_A:g} Å)"
    spacing = min(_spacings(lattice))
    if spacing < MIN_PLANE_SPACING_A:
        return f"absurd lattice: its planes are only {spacing:.3g} Å apart (limit {MIN_PLANE_SPACING_A:g} Å)"
    if count > settings.max_atoms:
        return f"{count} atoms, more than the limit of {settings.max_atoms}"
    if not np.isfinite(frac).all():
        return "the positions hold NaN or infinite numbers"
    if np.abs(frac).max() > MAX_COORDINATE:
        return f"a fractional coordinate is {np.abs(frac).max():.3g}"
    return _element_problem(sites, settings)


def find_atom_problem(sites: Sites, settings: ReadSettings) -> str:
    """Problems of the arrangement: volume per atom and overlapping atoms."""
    volume = float(abs(np.linalg.det(sites.lattice))) / len(sites.numbers)
    low, high = settings.min_volume_A3_per_atom, settings.max_volume_A3_per_atom
    if sites.occupancies is None:
        close = closest_pair(sites.lattice, sites.frac, settings.min_distance_A)
        if close is not None:
            i, j, distance = close
            pair = f"{SYMBOLS[sites.numbers[i]]} (site {i + 1}) and {SYMBOLS[sites.numbers[j]]} (site {j + 1})"
            if i == j:
                pair = f"{SYMBOLS[sites.numbers[i]]} (site {i + 1}) and its own periodic image"
            return f"overlapping atoms: {pair} are {distance:.3g} Å apart (limit {settings.min_distance_A:g} Å)"
    if not low <= volume <= high:
        return f"volume per atom of {volume:.3g} Å³ is outside {low:g} to {high:g} Å³"
    return ""


def plane_spacings(lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3,) distances in Å between the lattice planes (100), (010), (001); zeros for a cell without volume."""
    return np.array(_spacings(lattice))


def _spacings(lattice: NDArray[np.float64]) -> tuple[float, float, float]:
    """As `plane_spacings`, in plain floats, which are faster than numpy for three vectors."""
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = lattice.tolist()
    ux, uy, uz = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
    vx, vy, vz = cy * az - cz * ay, cz * ax - cx * az, cx * ay - cy * ax
    wx, wy, wz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    volume = abs(ax * ux + ay * uy + az * uz)
    if volume == 0.0:
        return (0.0, 0.0, 0.0)
    return volume / hypot(ux, uy, uz), volume / hypot(vx, vy, vz), volume / hypot(wx, wy, wz)


def closest_pair(
    lattice: NDArray[np.float64], frac: NDArray[np.float64], cutoff: float
) -> tuple[int, int, float] | None:
    """The two closest atoms, periodic images included, if they are closer than a cutoff.

    The result is exact for every cell. Wrapped differences lie within ±1/2, so an image shifted by s lattice vectors
    along an axis with plane spacing h is at least (|s| - 1/2) h away. Shifts of s < cutoff / h + 1/2 are enough: none
    if the spacing is at least twice the cutoff.

    Args:
        lattice: (3, 3) row vectors in Å.
        frac: (n, 3) fractional coordinates.
        cutoff: In Å.

    Returns:
        Two indices and the distance in Å, or None.
    """
    spacings = _spacings(lattice)
    reach = [max(0, ceil(cutoff / h + 0.5) - 1) for h in spacings]
    if not any(reach) and not _may_overlap(frac, spacings, cutoff):
        return None
    shifts = list(product(*(range(-r, r + 1) for r in reach)))
    count = len(frac)
    rows = max(1, _BLOCK // count)
    best: tuple[int, int, float] | None = None
    limit = cutoff * cutoff
    for start in range(0, count, rows):
        difference = (frac[start : start + rows, None, :] - frac[None, :, :]).reshape(-1, 3)
        difference -= np.rint(difference)
        for shift in shifts:
            cartesian = (difference + shift if any(shift) else difference) @ lattice
            squares = np.einsum("ij,ij->i", cartesian, cartesian)
            if not any(shift):
                squares[start :: count + 1] = np.inf  # the distance of an atom from itself
            smallest = float(squares.min())
            if smallest < limit:
                limit = smallest
                i, j = divmod(int(squares.argmin()), count)
                first, second = sorted((i + start, j))
                best = (first, second, smallest**0.5)
    return best


def _may_overlap(frac: NDArray[np.float64], spacings: tuple[float, float, float], cutoff: float) -> bool:
    """False if all pairs of atoms are at least `cutoff` Å apart along some axis: a cheap test that suffices mostly."""
    close: NDArray[np.bool_] | None = None
    for axis in np.argsort(spacings)[::-1]:
        along = frac[:, axis, None] - frac[:, axis]
        along -= np.rint(along)
        near = np.abs(along) * spacings[axis] < cutoff
        close = near if close is None else close & near
        if int(np.count_nonzero(close)) <= len(frac):  # every atom is close to itself
            return False
    return True


def digest(sites: Sites) -> int:
    """64-bit hash of lattice, species and positions; equal only for exact duplicates."""
    state = hashlib.blake2b((sites.lattice + 0.0).tobytes(), digest_size=8)  # + 0.0 turns -0.0 into 0.0
    state.update(sites.numbers.tobytes())
    state.update((sites.frac + 0.0).tobytes())
    if sites.composition:  # alloys may have an approximant in common
        state.update(repr((sites.composition, round(sites.weight, 6))).encode())
        for other in sites.approximants:
            state.update(digest(other).to_bytes(8, "little"))
    return int.from_bytes(state.digest(), "little")


def describe_partial(sites: Sites) -> str:
    """Why a crystal with partial occupancies is refused; names the first such site."""
    index, site = next(
        (i, site)
        for i, site in enumerate(sites.occupancies or [])
        if len(site) > 1 or abs(sum(site.values()) - 1) >= FULL_OCCUPANCY_TOLERANCE
    )
    text = " ".join(f"{SYMBOLS[z]}{amount:.4g}" for z, amount in site.items())
    return f"partial occupancies ({text} on site {index + 1}); order=true makes an ordered approximant"


def _element_problem(sites: Sites, settings: ReadSettings) -> str:
    if sites.numbers.min() < 1:
        return f"no element has the atomic number {sites.numbers.min()}"
    if settings.elements is None and sites.occupancies is None and sites.numbers.max() <= HEAVIEST_ELEMENT:
        return ""
    present = set(sites.numbers.tolist())
    for site in sites.occupancies or []:
        present.update(site)
    if settings.elements is None:
        unknown = sorted(z for z in present if z > HEAVIEST_ELEMENT)
    else:
        unknown = sorted(present - settings.elements)
    if not unknown:
        return ""
    return f"{', '.join(SYMBOLS[z] for z in unknown)}: no model has seen this element"
