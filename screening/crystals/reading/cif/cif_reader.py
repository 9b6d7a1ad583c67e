"""The crystal of a CIF data block: cell, symmetry and sites, each checked against what else the block states."""

from __future__ import annotations

from dataclasses import replace
from math import cos, radians, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.cif.atom_sites import AtomSites, listed_sites
from screening.crystals.reading.cif.cif_block import CifBlock, parse_block
from screening.crystals.reading.cif.expansion import Expanded, expand
from screening.crystals.reading.cif.stated_symmetry import Symmetry, possible_symmetries
from screening.crystals.reading.cif.stated_values import StatedValues, contradiction, stated_values
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.remarks import FORMULA_IGNORED
from screening.crystals.sites import Sites

_LENGTHS = tuple(f"_cell_length_{axis}" for axis in "abc")
_ANGLES = tuple(f"_cell_angle_{angle}" for angle in ("alpha", "beta", "gamma"))
_TOO_CLOSE = 0.65
"""Of the sum of covalent radii; the shortest bonds, such as U=O, are at 0.67."""
_SAME_DISTANCE_A = 1e-3


def crystal_of_cif(text: str, settings: ReadSettings) -> Sites:
    """The crystal of a CIF data block.

    Raises:
        UnreadableError: The block cannot be read, or may mean several crystals, or contradicts itself.
    """
    block = parse_block(text)
    lattice = _lattice(block)
    stated = stated_values(block, abs(float(np.linalg.det(lattice))))
    rows = len(block.raw("_atom_site_fract_x")) or len(block.raw("_atom_site_cartn_x"))
    if rows > settings.max_atoms:
        raise UnreadableError(f"{rows} atoms listed, more than the limit of {settings.max_atoms}")
    atoms = listed_sites(block, lattice, stated.known)
    crystal, remark = _decide(possible_symmetries(block, lattice), atoms, stated, lattice, settings.max_atoms)
    flags = [*atoms.flags, *crystal.flags, remark, FORMULA_IGNORED if stated.is_formula_ignored else ""]
    sites = Sites.from_occupancies(lattice, crystal.occupancies, crystal.frac)
    return replace(sites, flags=tuple(dict.fromkeys(flag for flag in flags if flag)))


def _decide(
    symmetries: list[Symmetry], atoms: AtomSites, stated: StatedValues, lattice: NDArray[np.float64], max_atoms: int
) -> tuple[Expanded, str]:
    """The crystal of the only symmetry that agrees with what the file states, and the flag for it."""
    left: list[tuple[Expanded, Symmetry]] = []
    problems = []
    for symmetry in symmetries:
        try:
            crystal = expand(atoms.sites, symmetry.operations, lattice, max_atoms)
        except UnreadableError as error:
            problems.append(str(error))
            continue
        problem, confirmed = contradiction(crystal, stated, atoms.sites, lattice)
        if not problem and symmetry.doubt and not confirmed:
            problem = symmetry.doubt
        if not problem and len(symmetries) > 1 and _closeness(crystal, lattice) < _TOO_CLOSE:
            problem = "overlapping atoms"
        if problem:
            problems.append(problem)
        elif not any(_are_same(crystal, other, lattice) for other, _ in left):
            left.append((crystal, symmetry))
    if len(left) > 1:
        raise UnreadableError(
            "the origin of the space group is not stated, and more than one choice agrees with the rest of the file: "
            "state the Hall symbol (_space_group_name_Hall) or list the operations (_space_group_symop_operation_xyz)"
        )
    if not left:
        raise UnreadableError(problems[0])
    return left[0][0], left[0][1].remark


def _lattice(block: CifBlock) -> NDArray[np.float64]:
    """(3, 3) row vectors in Å: c along z, a in the plane of x and z, as pymatgen has them."""
    values = []
    for name in (*_LENGTHS, *_ANGLES):
        number = block.number(name)
        if number is None:
            raise UnreadableError(f"{name} is missing (truncated?)")
        if not 0 < number.value < (1e6 if name in _LENGTHS else 180):
            raise UnreadableError(f"{name} is {number.text}: no cell has that")
        values.append(number.value)
    a, b, c = values[:3]
    cos_alpha, cos_beta, cos_gamma = (0.0 if angle == 90 else cos(radians(angle)) for angle in values[3:])
    sin_beta = 1.0 if values[4] == 90 else sin(radians(values[4]))
    y = (cos_gamma - cos_alpha * cos_beta) / sin_beta
    square = 1 - cos_alpha**2 - y**2
    if square < 1e-9:
        raise UnreadableError("absurd lattice: no cell has these three angles")
    return np.array([[a * sin_beta, 0.0, a * cos_beta], [b * y, b * sqrt(square), b * cos_alpha], [0.0, 0.0, c]])


def _distances(crystal: Expanded, lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, n) distances in Å to the nearest image along wrapped axes; infinite on the diagonal."""
    difference = crystal.frac[:, None] - crystal.frac[None]
    difference -= np.rint(difference)
    distances = np.sqrt(((difference @ lattice) ** 2).sum(axis=-1))
    np.fill_diagonal(distances, np.inf)
    return distances


def _kinds(crystal: Expanded) -> NDArray[np.int64]:
    return np.array([max(site, key=site.__getitem__) for site in crystal.occupancies], dtype=np.int64)


def _closeness(crystal: Expanded, lattice: NDArray[np.float64]) -> float:
    """The shortest distance relative to the sum of covalent radii."""
    from ase.data import covalent_radii

    radii = covalent_radii[_kinds(crystal)]
    return float((_distances(crystal, lattice) / (radii[:, None] + radii[None])).min())


def _are_same(one: Expanded, other: Expanded, lattice: NDArray[np.float64]) -> bool:
    """Whether two readings are one crystal, moved: the same distances between the same elements."""
    if one.amounts.keys() != other.amounts.keys() or len(one.frac) != len(other.frac):
        return False
    return all(
        np.allclose(first, second, atol=_SAME_DISTANCE_A)
        for first, second in zip(_fingerprint(one, lattice), _fingerprint(other, lattice), strict=True)
    )


def _fingerprint(crystal: Expanded, lattice: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    kinds = _kinds(crystal)
    distances = np.where(np.eye(len(kinds), dtype=bool), 0.0, _distances(crystal, lattice))
    elements = sorted(set(kinds.tolist()))
    counts = np.array([float((kinds == z).sum()) for z in elements])
    parts = [np.sort(distances[np.ix_(kinds == a, kinds == b)].ravel()) for a in elements for b in elements if a <= b]
    size = max(len(part) for part in [counts, *parts])
    return [np.pad(part, (0, size - len(part))) for part in [counts, *parts]]
