"""A prototype as arrays: the primitive cell of its parent, the site of each atom, and its symmetry."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from screening.crystals.prototypes.library import Prototype
from screening.errors import RequestError

SAME_ATOM_A = 0.02
"""Images of a site closer than this are one atom, because published coordinates have three decimals."""
SYMPREC_A = 0.1
"""Atoms that a symmetry operation brings this close to each other count as exchanged."""


@dataclass(frozen=True)
class Template:
    """The primitive cell of a prototype's parent.

    Attributes:
        lattice: (3, 3) row vectors in Å.
        frac: (n, 3) fractional coordinates.
        site: (n,) index of each atom's site.
        swaps: (m, n) for each symmetry of the arrangement with all atoms alike, where each atom goes.
        exchanges: Permutations of whole sites that leave the crystal the same.
    """

    lattice: NDArray[np.float64]
    frac: NDArray[np.float64]
    site: NDArray[np.intp]
    swaps: NDArray[np.intp]
    exchanges: tuple[tuple[int, ...], ...]

    @property
    def multiplicities(self) -> NDArray[np.intp]:
        """(s,) atoms of each site in the primitive cell."""
        return np.bincount(self.site)


@lru_cache(maxsize=64)
def template(prototype: Prototype) -> Template:
    """The primitive cell of a prototype's parent.

    Raises:
        RequestError: The sites do not have the space group in the prototype's file.
    """
    import spglib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # spglib's deprecation warnings
        lattice = _lattice(prototype.cell)
        frac, site = _orbits(prototype, lattice)
        conventional = (lattice.tolist(), frac.tolist(), (site + 1).tolist())
        cell = spglib.standardize_cell(conventional, to_primitive=True, no_idealize=True, symprec=1e-3)
        if cell is None:
            raise RequestError(f"prototype {prototype.name}: spglib finds no symmetry in its sites")
        found = spglib.get_symmetry_dataset(cell, symprec=1e-2)
        number = None if found is None else found.number
        if number != prototype.space_group:
            raise RequestError(
                f"prototype {prototype.name}: its sites have space group {number}, not {prototype.space_group}"
            )
        lattice, frac, site = np.array(cell[0]), np.array(cell[1]), np.array(cell[2], dtype=np.intp) - 1
        swaps = _swaps(lattice, frac)
    return Template(lattice, frac, site, swaps, _exchanges(swaps, site))


def _lattice(cell: tuple[float, ...]) -> NDArray[np.float64]:
    """Row vectors, a along x and b in the xy plane."""
    (a, b, c), (alpha, beta, gamma) = cell[:3], np.radians(cell[3:])
    x = c * np.cos(beta)
    y = c * (np.cos(alpha) - np.cos(beta) * np.cos(gamma)) / np.sin(gamma)
    z = np.sqrt(c * c - x * x - y * y)
    return np.array([[a, 0, 0], [b * np.cos(gamma), b * np.sin(gamma), 0], [x, y, z]])


def _orbits(prototype: Prototype, lattice: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Atoms of the conventional cell and the site of each, by applying all operations to one atom of each site."""
    rotations, translations = _operations(prototype.space_group)
    atoms, sites = [], []
    for index, site in enumerate(prototype.sites):
        images = rotations @ np.array(site.at) + translations
        kept: list[NDArray[np.float64]] = []
        for image in images - np.floor(images):
            apart = np.array([image - other for other in kept]).reshape(-1, 3)
            apart -= np.rint(apart)
            if not (np.linalg.norm(apart @ lattice, axis=1) < SAME_ATOM_A).any():
                kept.append(image)
        atoms += kept
        sites += [index] * len(kept)
    return np.array(atoms), np.array(sites, dtype=np.intp)


def _operations(space_group: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotations (m, 3, 3) and translations (m, 3) of the first setting: origin choice 1, hexagonal axes."""
    import spglib

    for hall in range(1, 531):
        kind = spglib.get_spacegroup_type(hall)
        operations = spglib.get_symmetry_from_database(hall)
        if kind is not None and kind.number == space_group and operations is not None:
            return operations["rotations"].astype(np.float64), operations["translations"]
    raise RequestError(f"space group {space_group}: expected 1 to 230")


def _swaps(lattice: NDArray[np.float64], frac: NDArray[np.float64]) -> NDArray[np.intp]:
    """(m, n) where each atom goes under each symmetry of the arrangement with all atoms alike."""
    import spglib

    symmetry = spglib.get_symmetry((lattice.tolist(), frac.tolist(), [1] * len(frac)), symprec=SYMPREC_A)
    if symmetry is None:
        raise RequestError("spglib finds no symmetry in the sites of a prototype")
    found = []
    for rotation, translation in zip(symmetry["rotations"], symmetry["translations"], strict=True):
        apart = (frac @ rotation.T + translation)[:, None, :] - frac[None, :, :]
        apart -= np.rint(apart)
        found.append(np.linalg.norm(apart @ lattice, axis=2).argmin(axis=1))
    return np.unique(np.array(found), axis=0)


def _exchanges(swaps: NDArray[np.intp], site: NDArray[np.intp]) -> tuple[tuple[int, ...], ...]:
    """Swaps that map every site as a whole onto one site, as permutations of the sites."""
    count = int(site.max()) + 1
    found = {tuple(range(count))}
    for swap in swaps:
        target = site[swap]
        goes = [set(target[site == index].tolist()) for index in range(count)]
        if all(len(where) == 1 for where in goes):
            found.add(tuple(next(iter(where)) for where in goes))
    return tuple(sorted(found))
