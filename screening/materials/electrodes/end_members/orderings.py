"""Partly charged states: symmetry-distinct arrangements of the ions, by Coulomb energy."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np

from screening.array_types import Floats
from screening.chemistry.compositions import count_matrix
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.chemistry.formulas import cell_formula
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.images import Integers
from screening.materials.electrodes.end_members.insertion import enlarged
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.end_members.redox import ION_CHARGES, formal_charges
from screening.materials.electrodes.end_members.roles import has_anions

MAX_ORDERING_ATOMS = 120
MOST_ENUMERATED = 5000
"""Up to this number all arrangements are compared; beyond it a search by exchanges finds low ones."""
_EQUAL_EV = 1e-4
_EXCHANGE_ROUNDS = 30
_STARTS = 12
_MOST_CELLS = 6
_COUNT_TOLERANCE = 0.02


def partly_charged(pair: ElectrodePair, n_removed: float, most: int = 1) -> list[Crystal]:
    """States of an electrode between its ends, lowest Coulomb energy first; no two are equivalent by symmetry.

    Energies are those of formal charges, with all metals oxidised equally. Only pairs whose charged end is the
    discharged frame in the same cell have such states.

    Args:
        pair: Both ends.
        n_removed: Ions taken out per discharged cell. If it is not a whole number, the smallest supercell in which it
            is one is used.
        most: Largest number of states.

    Returns:
        The states; empty for other pairs, and if the supercell has more than `MAX_ORDERING_ATOMS` atoms.
    """
    cells = _cells(n_removed, pair.n_ions_removed)
    if pair.origin == "given" or not cells or cells * pair.discharged.n_atoms > MAX_ORDERING_ATOMS:
        return []
    crystal = enlarged(pair.discharged, cells)
    ions = np.flatnonzero(crystal.numbers == ATOMIC_NUMBERS[pair.working_ion])
    n_kept = len(ions) - round(cells * n_removed)
    energies = _kept_energies(crystal, ions, n_kept, pair.working_ion)
    states = []
    for kept in _lowest(energies, n_kept, most, _permutations(crystal, ions)):
        stays = np.ones(crystal.n_atoms, dtype=bool)
        stays[np.delete(ions, kept)] = False
        states.append(replace(crystal, numbers=crystal.numbers[stays], frac=crystal.frac[stays]))
    return states


def _cells(n_removed: float, most: float) -> int:
    """Smallest number of cells that lose a whole number of ions, within 2 %; 0 if there is none."""
    if not 0 < n_removed <= most + _COUNT_TOLERANCE:
        return 0
    fits = (n for n in range(1, _MOST_CELLS + 1) if abs(n * n_removed - round(n * n_removed)) < _COUNT_TOLERANCE * n)
    return next(fits, 0)


def _kept_energies(crystal: Crystal, ions: Integers, n_kept: int, ion: str) -> Floats:
    """Coulomb energies in eV, (k, k): between ions, and on the diagonal those of each ion with the frame and itself."""
    from pymatgen.analysis.ewald import EwaldSummation

    charges = np.zeros(crystal.n_atoms)
    if has_anions(crystal.numbers):
        counts = count_matrix([cell_formula(crystal.numbers)])
        counts[0, ATOMIC_NUMBERS[ion]] = n_kept
        charges = formal_charges(counts)[0][crystal.numbers]
    charges[ions] = ION_CHARGES[ion]
    structure = crystal.to_structure()
    structure.add_oxidation_state_by_site([1.0] * crystal.n_atoms)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        unit = EwaldSummation(structure).total_energy_matrix
    energies = unit * charges[:, None] * charges[None, :]
    frame = np.delete(np.arange(crystal.n_atoms), ions)
    among = 2.0 * energies[np.ix_(ions, ions)]
    with_frame = energies[np.ix_(ions, frame)].sum(axis=1) + energies[np.ix_(frame, ions)].sum(axis=0)
    np.fill_diagonal(among, np.diag(energies)[ions] + with_frame)
    return np.asarray(among)


def _permutations(crystal: Crystal, ions: Integers) -> Integers:
    """Permutations of the ions by the symmetry of the crystal, (m, k); only the identity if no symmetry is found."""
    import spglib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cell = (crystal.lattice.tolist(), crystal.frac.tolist(), crystal.numbers.tolist())
        try:
            found = spglib.get_symmetry(cell, symprec=0.05)
        except spglib.SpglibError:
            found = None
    identity = np.arange(len(ions), dtype=np.intp)[None, :]
    if found is None:
        return identity
    frac = crystal.frac[ions]
    images = np.einsum("mij,kj->mki", found["rotations"], frac) + found["translations"][:, None, :]
    apart = images[:, :, None, :] - frac[None, None, :, :]
    apart -= np.rint(apart)
    nearest = np.linalg.norm(apart @ crystal.lattice, axis=3).argmin(axis=2)
    whole = (np.sort(nearest, axis=1) == identity).all(axis=1)
    return np.asarray(np.unique(np.concatenate([identity, nearest[whole]]), axis=0))


def _lowest(energies: Floats, n_kept: int, most: int, permutations: Integers) -> list[Integers]:
    """Index sets of the ions that stay, lowest energy first; one of each set of equivalent ones."""
    count = len(energies)
    if comb(count, n_kept) <= MOST_ENUMERATED:
        chosen = np.array(list(combinations(range(count), n_kept)), dtype=np.intp).reshape(comb(count, n_kept), n_kept)
    else:
        starts = [_exchanged(energies, _spread(energies, n_kept, first)) for first in range(min(count, _STARTS))]
        chosen = np.unique(np.array([np.sort(start) for start in starts]), axis=0)
    totals = np.array([_total(energies, row) for row in chosen])
    found: list[Integers] = []
    seen: set[bytes] = set()
    for index in np.lexsort((np.arange(len(totals)), np.round(totals / _EQUAL_EV))):
        images = np.sort(permutations[:, chosen[index]], axis=1)
        first = images[np.lexsort(images.T[::-1])[0]].tobytes() if n_kept else b""
        if first not in seen:
            seen.add(first)
            found.append(chosen[index])
        if len(found) == most:
            break
    return found


def _total(energies: Floats, kept: Integers) -> float:
    """Total energy: each pair once, each diagonal element once."""
    block = energies[np.ix_(kept, kept)]
    return float((block.sum() + np.trace(block)) / 2)


def _spread(energies: Floats, n_kept: int, first: int) -> Integers:
    """A starting arrangement: each ion is added where it costs the least energy."""
    kept = [first] if n_kept else []
    while len(kept) < n_kept:
        cost = np.diag(energies) + energies[:, kept].sum(axis=1)
        cost[kept] = np.inf
        kept.append(int(np.argmin(np.round(cost, 6))))
    return np.array(kept, dtype=np.intp)


def _exchanged(energies: Floats, kept: Integers) -> Integers:
    """Exchange ions and vacancies, the best exchange first, while this lowers the energy."""
    kept = kept.copy()
    for _ in range(_EXCHANGE_ROUNDS):
        empty = np.setdiff1d(np.arange(len(energies)), kept)
        field = np.diag(energies) + energies[:, kept].sum(axis=1)
        # The diagonal element of an ion is in its field twice: once by itself, once among the ions that stay.
        leave = field[kept] - np.diag(energies)[kept]
        gain = field[empty][None, :] - energies[np.ix_(kept, empty)] - leave[:, None]
        best = int(np.argmin(np.round(gain, 6)))
        if gain.flat[best] > -_EQUAL_EV:
            break
        out, into = divmod(best, len(empty))
        kept[out] = empty[into]
    return kept
