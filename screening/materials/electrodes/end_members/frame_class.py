"""The class of an electrode's frame, for rules that hold for a class: from composition, bonds and symmetry."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from screening.array_types import Mask
from screening.chemistry.element_table import element_table
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.crystals.crystal import Crystal
from screening.crystals.symmetry import space_group_number
from screening.materials.electrodes.end_members.images import images_around
from screening.materials.electrodes.end_members.periodic_graph import Image, connected_rank
from screening.materials.electrodes.end_members.redox import active_symbols
from screening.materials.electrodes.end_members.roles import ANIONS, LARGE_IONS, is_cyanide

_BONDED = 1.2
"""Longest bond in sums of covalent radii; layers of V2O5 (2.8 Å apart) stay apart."""
_UNKNOWN_RADIUS_A = 1.5
_POOR = 0.8
"""Sodium per metal below which layered oxides have prisms (P2, P3) around it."""
_ANATASE, _SPINEL = 141, 227
_LARGE_IONS = [ATOMIC_NUMBERS[symbol] for symbol in LARGE_IONS]
_ANION_NUMBERS = np.array([ATOMIC_NUMBERS[symbol] for symbol in ANIONS if symbol != "H"])


def frame_class(crystal: Crystal, ion: str) -> str | None:
    """The class of a crystal, as in `datasets/elements/practical_limits.csv`; None if it is in none of them.

    Args:
        crystal: With or without the ion.
        ion: The working ion.
    """
    numbers = crystal.numbers
    held = numbers == ATOMIC_NUMBERS[ion]
    count = {symbol: int((numbers == ATOMIC_NUMBERS[symbol]).sum()) for symbol in ("O", "Si", "P", "Mo", "W")}
    if is_cyanide(numbers):
        return "cyanide"
    if found := _polyanionic(crystal, held, count) or _with_tetrahedra(numbers, count):
        return found
    anions = np.isin(numbers, _ANION_NUMBERS)
    cations = ~anions & ~held
    kinds = set(numbers[anions].tolist())
    if len(kinds) != 1 or not cations.any():
        return None
    oxide = bool(count["O"])
    if count["Mo"] and not oxide and 6 * int(anions.sum()) == 8 * count["Mo"]:
        return "Chevrel phase"
    if spinel := _spinel(crystal, held, anions):
        return spinel
    if found := _layered(crystal, held, cations, oxide) or _dioxide(crystal, held, cations, oxide):
        return found
    iron = numbers == ATOMIC_NUMBERS["Fe"]
    return "tetrahedral ferrite" if oxide and iron.any() and _four_neighbours(crystal, iron) else None


def frame_dimensions(crystal: Crystal, frame: Mask) -> int:
    """In how many directions bonds between cations and anions of the frame continue, 0 to 3; 2 for layers.

    Args:
        crystal: With n atoms.
        frame: Which atoms belong to the frame, (n,).
    """
    numbers, frac = crystal.numbers[frame], crystal.frac[frame]
    frac = frac - np.floor(frac)
    radii = _radii(numbers)
    reach = 2 * _BONDED * float(radii.max())
    positions, owner = images_around(crystal.lattice, frac, reach)
    near = cKDTree(frac @ crystal.lattice).sparse_distance_matrix(cKDTree(positions), reach, output_type="coo_matrix")
    first, second = near.row, owner[near.col]
    anion = np.isin(numbers, _ANION_NUMBERS)
    bonded = (near.data <= _BONDED * (radii[first] + radii[second])) & (anion[first] != anion[second])
    shifts = np.rint(positions[near.col] @ np.linalg.inv(crystal.lattice) - frac[second]).astype(int)
    links: dict[int, list[tuple[int, Image]]] = {}
    for a, b, shift in zip(first[bonded].tolist(), second[bonded].tolist(), shifts[bonded].tolist(), strict=True):
        links.setdefault(a, []).append((b, tuple(shift)))
    best, left = 0, set(links)
    while left:
        rank, found = connected_rank(min(left), links)
        best, left = max(best, rank), left - found
    return best


def _polyanionic(crystal: Crystal, held: Mask, count: dict[str, int]) -> str | None:
    """The class of an oxide with polyanions."""
    numbers, oxygen = crystal.numbers, count["O"]
    if not oxygen:
        return None
    centres = np.isin(numbers, [ATOMIC_NUMBERS[symbol] for symbol in ("B", "C", "Si", "P", "S", "Ge", "As", "Se")])
    # in borates and carbonates three oxygen atoms share a centre, in chains of silicates and phosphates as well
    if not centres.any() or oxygen < 2 * int(centres.sum()):
        return None
    if count["Si"] and not count["P"]:
        return "silicate"
    if count["P"] and 2 * oxygen == 7 * count["P"]:
        return "pyrophosphate"
    metals = int((~held & ~centres & ~np.isin(numbers, _ANION_NUMBERS)).sum())
    if 2 * int(centres.sum()) == 3 * metals and oxygen == 4 * int(centres.sum()):
        return "NASICON-like compound"
    return "polyanionic compound"


def _with_tetrahedra(numbers: NDArray[np.integer], count: dict[str, int]) -> str | None:
    """Molybdates and tungstates of another metal, whose hexavalent metals lie in tetrahedra like those of sulfates."""
    heavy = [symbol for symbol in ("Mo", "W") if count[symbol]]
    others = {SYMBOLS[number] for number in np.unique(numbers)} & active_symbols() - set(heavy)
    n_heavy = sum(count[symbol] for symbol in heavy)
    return "molybdate or tungstate" if n_heavy and others and count["O"] == 4 * n_heavy else None


def _spinel(crystal: Crystal, held: Mask, anions: Mask) -> str | None:
    """Spinels have three cations for four anions, with the ion in tetrahedra; hosts lack the ion."""
    cations, n_anions = int((~anions).sum()), int(anions.sum())
    if held.any():
        tetrahedral = 4 * cations == 3 * n_anions and 2 * int(held.sum()) <= cations and _four_neighbours(crystal, held)
        return "spinel" if tetrahedral else None
    alike = 2 * cations == n_anions and _space_group(crystal, anions) == _SPINEL
    return "spinel host" if alike else None


def _four_neighbours(crystal: Crystal, held: Mask) -> bool:
    """Whether most of these atoms have four anions as neighbours."""
    anions = np.isin(crystal.numbers, _ANION_NUMBERS)
    frac = crystal.frac - np.floor(crystal.frac)
    positions, _ = images_around(crystal.lattice, frac[anions], 4.0)
    distances = np.sort(cKDTree(positions).query(frac[held] @ crystal.lattice, k=6)[0], axis=1)
    return bool(np.mean(distances[:, 4] > 1.25 * distances[:, :4].mean(axis=1)) > 0.5)


def _layered(crystal: Crystal, held: Mask, cations: Mask, oxide: bool) -> str | None:
    """Layers of octahedra with the ion between them."""
    n_anions = int((~held & ~cations).sum())
    metals = int(cations.sum())
    if oxide and 5 * metals == 2 * n_anions and set(crystal.numbers[cations].tolist()) == {ATOMIC_NUMBERS["V"]}:
        return "layered vanadium pentoxide" if frame_dimensions(crystal, ~held) == 2 else None
    if not metals <= n_anions <= 3 * metals or frame_dimensions(crystal, ~held) != 2:
        return None
    if not oxide:
        return "layered chalcogenide" if 2 * metals == n_anions else None
    if not held.any():
        return None
    if int(held.sum()) + metals > n_anions:
        return "overfilled layered oxide"
    poor = bool(np.isin(crystal.numbers[held], _LARGE_IONS).all()) and int(held.sum()) <= _POOR * metals
    return "sodium-poor layered oxide" if poor else "layered oxide"


def _dioxide(crystal: Crystal, held: Mask, cations: Mask, oxide: bool) -> str | None:
    pure = set(crystal.numbers[cations].tolist()) == {ATOMIC_NUMBERS["Ti"]}
    n_anions = int((~held & ~cations).sum())
    if not oxide or not pure or held.any() or 2 * int(cations.sum()) != n_anions:
        return None
    return "anatase" if _space_group(crystal, ~cations) == _ANATASE else None


def _space_group(crystal: Crystal, anions: Mask) -> int | None:
    """With all cations taken as one element."""
    return space_group_number(crystal.lattice, crystal.frac, anions.astype(int).tolist())


def _radii(numbers: NDArray[np.integer]) -> NDArray[np.float64]:
    radii = element_table().column("covalent_radius_A")[numbers]
    return np.asarray(np.where(radii > 0, radii, _UNKNOWN_RADIUS_A))
