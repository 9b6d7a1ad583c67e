"""The standard cell: one description of each crystal, whatever its axes, origin, order of atoms or supercell.

What is computed from a crystal must not depend on its description, but searches (for the ions that leave, for voids,
for the arrangement of lowest energy) break ties by position or index. In the standard cell they break them alike:

1. The primitive cell. Positions are means over the translations that map the crystal onto itself within 0.001 Å.
2. Of the bases of shortest vectors, of both hands, and the origins on an atom of the rarest element, the choice with
   the largest value of a function of lattice and positions that has no symmetry. Choices of equal value are related
   by a symmetry of the crystal, so they give the same cell.
3. The first vector along x, the second in the xy plane. Atoms by element and by another function of their positions.

4. Vectors are rounded to 0.0001 Å and positions to 1/7200 of an edge, as in most files. So descriptions that differ in
   further digits get the same cell, unless a number is close to the limit of two roundings.

Otherwise nothing is idealised. Distances are those of the crystal or of its mirror image, which has the same
properties.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations, product
from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from screening.array_types import Floats
from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals, pack

Atoms = tuple[NDArray[np.int16], Floats]

SAME_A = 1e-3
"""Atoms this close coincide after a translation."""
_ALIKE = 1e-3
"""Relative difference of squared lengths, and of products over the longest, that counts as none."""
_GAIN = 1e-9
"""Relative; a smaller one is rounding."""
_PER_A, _PER_EDGE = 10_000, 7200
"""Parts of 1 Å and of an edge to round to; special positions (1/3, 1/8) are whole numbers of parts."""
_HALF = 0.5137
"""Numbers with one more decimal are not at the limit of two roundings."""

# of each pair of opposite combinations of the vectors of a reduced basis one; the shortest vectors are among them
_STEPS = np.array([v for v in product((1, 0, -1), repeat=3) if v > (0, 0, 0)], dtype=np.float64)
_TRIPLES = np.array([t for t in combinations(range(len(_STEPS)), 3) if abs(round(np.linalg.det(_STEPS[list(t)]))) == 1])
_ORDERS = np.array(list(permutations(range(3))))
_SIGNS = np.array(list(product((1.0, -1.0), repeat=3)))[:, :, None]
_IMAGES = np.array(list(product((0, 1, -1), repeat=3)), dtype=np.float64)
_SKEWNESS = np.array([1.0, 1.37, 1.83])
_METRIC = np.array([[0.9, 0.3, 0.4], [0.3, 0.5, 0.2], [0.4, 0.2, 0.1]])
# waves with unrelated phases: no two choices of axes and origin look alike to their sum
_WAVES = 2 * np.pi * np.array([(1, 2, 3), (2, -1, 1), (-1, 1, 2), (3, 1, -2), (1, 0, 2), (2, 3, 0), (1, 1, 1)]).T
_PHASES = np.array([0.3, 1.1, 2.0, 0.7, 1.7, 2.6, 0.9])


def standard_cell(crystal: Crystal) -> Crystal:
    """The crystal in its standard cell, and so its charged end; identity and flags stay.

    Handedness is not kept.
    """
    lattice, (numbers, frac) = _primitive(*_reduced(crystal.lattice, (crystal.numbers, crystal.frac)))
    if len(numbers) < crystal.n_atoms:
        lattice, (numbers, frac) = _reduced(lattice, (numbers, frac))
    bases = _bases(lattice @ lattice.T)
    grams = (bases @ lattice) @ (bases @ lattice).transpose(0, 2, 1)
    basis, frac = _placed(bases, grams, frac, numbers)
    order = np.lexsort((np.cos(frac @ _WAVES + _PHASES).sum(axis=1), numbers))
    return replace(
        crystal,
        lattice=_rounded(np.linalg.cholesky(grams[basis]), _PER_A),
        numbers=numbers[order],
        frac=_rounded(frac[order], _PER_EDGE),
        charged=None if crystal.charged is None else standard_cell(crystal.charged),
    )


def _rounded(values: Floats, parts: int) -> Floats:
    return np.asarray(np.floor(values * parts + _HALF) / parts)


def standard_cells(packed: PackedCrystals) -> PackedCrystals:
    """The same for B crystals in arrays."""
    atoms = [packed.atoms(row) for row in range(len(packed))]
    cells = [Crystal("", packed.lattice[row], packed.numbers[own], packed.frac[own]) for row, own in enumerate(atoms)]
    return pack([standard_cell(cell) for cell in cells])


def _reduced(lattice: Floats, atoms: Atoms) -> tuple[Floats, Atoms]:
    """The same crystal with three shortest lattice vectors, in no order."""
    basis = np.eye(3)
    while True:
        vectors = basis @ lattice
        gram = vectors @ vectors.T
        times = np.rint(gram / gram.diagonal())  # of each vector along each other one
        np.fill_diagonal(times, 0.0)
        gained = times * (2 * gram - times * gram.diagonal())
        row, other = divmod(int(gained.argmax()), 3)
        if gained[row, other] > _GAIN * gram[row, row]:
            basis[row] -= times[row, other] * basis[other]
            continue
        lengths = _squared_lengths(gram)[_TRIPLES].sum(axis=1)
        best = int(lengths.argmin())
        if np.trace(gram) - lengths[best] <= _GAIN * np.trace(gram):
            break
        basis = _STEPS[_TRIPLES[best]] @ basis
    numbers, frac = atoms
    return vectors, (numbers, frac @ np.rint(np.linalg.inv(basis)))


def _squared_lengths(gram: Floats) -> Floats:
    """Of the vectors of `_STEPS`, (13,)."""
    return np.asarray(((_STEPS @ gram) * _STEPS).sum(axis=1))


def _primitive(lattice: Floats, atoms: Atoms) -> tuple[Floats, Atoms]:
    """A primitive cell of a crystal with short lattice vectors."""
    numbers, frac = atoms
    counts, rarest = _counts_and_rarest(numbers)
    if gcd(*counts.tolist()) == 1:
        return lattice, atoms
    steps = frac[rarest] - frac[rarest[0]]
    wrapped = _wrapped(frac)
    found = cKDTree(wrapped, boxsize=1.0).query(_wrapped(frac + steps[:, None]))[1]
    apart = frac[found] - frac - steps[:, None]
    apart -= np.rint(apart)
    same = (np.linalg.norm(apart @ lattice, axis=2) < SAME_A) & (numbers[found] == numbers)
    whole = same.all(axis=1)
    times = int(whole.sum())
    # translations of a group of this order are multiples of 1/times
    shifts = np.rint(times * steps[whole]) / times
    mismatch = steps[whole] - shifts
    if times == 1 or (counts % times).any() or np.linalg.norm(mismatch @ lattice, axis=1).max() > SAME_A:
        return lattice, atoms
    basis = _shortest_basis(lattice, shifts)
    if round(1 / abs(np.linalg.det(basis)), 6) != times:
        return lattice, atoms
    images = found[whole]
    middle = frac + (apart[whole] + mismatch[:, None]).mean(axis=0)
    first = np.flatnonzero(images.min(axis=0) == np.arange(len(numbers)))
    return basis @ lattice, (numbers[first], middle[first] @ np.linalg.inv(basis))


def _counts_and_rarest(numbers: NDArray[np.int16]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Atoms of each element, and the rows of the rarest one."""
    counts = np.bincount(numbers)
    elements = np.flatnonzero(counts)
    return counts[elements], np.flatnonzero(numbers == elements[counts[elements].argmin()])


def _wrapped(frac: Floats) -> Floats:
    inside = frac - np.floor(frac)
    return np.where(inside < 1.0, inside, 0.0)  # a tiny negative number wraps to 1.0


def _shortest_basis(lattice: Floats, shifts: Floats) -> Floats:
    """Three short independent translations, in fractional coordinates, of a lattice with additional points."""
    points = (shifts[:, None] - np.rint(shifts[:, None]) + _IMAGES).reshape(-1, 3)
    points = points[np.linalg.norm(points @ lattice, axis=1).argsort(kind="stable")][1:]
    first = points[0]
    second = points[np.linalg.norm(np.cross(points, first), axis=1) > 1e-9][0]
    third = points[np.abs(points @ np.cross(first, second)) > 1e-9][0]
    return np.stack([first, second, third])


def _bases(gram: Floats) -> Floats:
    """The bases of shortest vectors with the most obtuse angles, in terms of a reduced one, (k, 3, 3)."""
    lengths = _squared_lengths(gram)
    longest = np.sort(gram.diagonal()) * (1 + _ALIKE)
    near = _TRIPLES[(np.sort(lengths[_TRIPLES], axis=1) <= longest).all(axis=1)]
    ordered = near[:, _ORDERS].reshape(-1, 3)
    ordered = ordered[(lengths[ordered] <= longest).all(axis=1)]
    bases = (_STEPS[ordered][:, None] * _SIGNS).reshape(-1, 3, 3)
    products = bases @ gram @ bases.transpose(0, 2, 1)
    skewness = products[:, (1, 0, 0), (2, 2, 1)] @ _SKEWNESS
    return np.asarray(bases[skewness <= skewness.min() + _ALIKE * longest[2]])


def _placed(bases: Floats, grams: Floats, frac: Floats, numbers: NDArray[np.int16]) -> tuple[int, Floats]:
    """The standard one of k bases with their scalar products, and the coordinates of n atoms in it, (n, 3)."""
    rarest = _counts_and_rarest(numbers)[1]
    inverses = np.rint(np.linalg.inv(bases))
    waves = np.exp(1j * (frac @ (inverses @ _WAVES)))
    sums = np.sqrt(numbers.astype(np.float64)) @ waves
    values = (waves[:, rarest].conj() * (sums * np.exp(1j * _PHASES))[:, None]).sum(axis=2).real
    # where the positions have more symmetry than the lattice, its last digits decide
    values += ((grams * _METRIC).sum(axis=(1, 2)) / np.trace(grams[0]))[:, None]
    basis, origin = np.unravel_index(int(values.argmax()), values.shape)
    placed = (frac - frac[rarest[origin]]) @ inverses[basis]
    return int(basis), placed - np.floor(placed + 1e-6)
