"""Inserting ions into the voids of a charged host, up to the wanted number or until they are too close together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.images import Integers, distances, self_distances
from screening.materials.electrodes.end_members.redox import ION_CHARGES
from screening.materials.electrodes.end_members.roles import has_anions
from screening.materials.electrodes.end_members.voids import VoidSites, find_voids
from screening.materials.electrodes.end_members.windows import windows

_SAME_ENERGY_EV = 0.03
"""Sites this close in energy are of one kind."""
_MOST_STARTS = 12
_MOST_ABOVE_LOWEST_EV = 14.0
"""Sites higher above the best one, per charge of the ion, are not filled. Formal charges overestimate such differences:
the two kinds of sites in a spinel differ by 6 eV."""


@dataclass(frozen=True)
class Filled:
    """A host with inserted ions.

    Attributes:
        crystal: The filled host.
        added: Number of ions that were added.
        relocated: Whether ions of the host changed their sites.
    """

    crystal: Crystal
    added: int
    relocated: bool


def fill(host: Crystal, ion: str, wanted: int) -> Filled | None:
    """Insert up to `wanted` ions into a host.

    Ions of the host keep their sites, unless all wanted ions fit only when all sites are filled anew. An example is the
    spinel Li4Ti5O12, in which tetrahedral lithium moves so that more ions fit into octahedra. If some do not fit even
    so, as in KTiOPO4, there is no reason for those of the host to move.

    Returns:
        The filled host; None if there is no room for an ion.
    """
    sites = find_voids(host.lattice, host.numbers, host.frac, ion)
    chosen = choose_sites(host, sites, ion, wanted)
    added = len(chosen)
    first = Filled(_with_ions(host, ion, sites.frac[chosen]), added, False) if added else None
    held = host.numbers == ATOMIC_NUMBERS[ion]
    if added == wanted or not held.any():
        return first
    frame = replace(host, numbers=host.numbers[~held], frac=host.frac[~held])
    sites = find_voids(frame.lattice, frame.numbers, frame.frac, ion)
    before = int(held.sum())
    chosen = choose_sites(frame, sites, ion, before + wanted)
    if len(chosen) < before + wanted:
        return first
    return Filled(_with_ions(frame, ion, sites.frac[chosen]), len(chosen) - before, True)


def choose_sites(host: Crystal, sites: VoidSites, ion: str, wanted: int) -> Integers:
    """Choose up to `wanted` sites that do not exclude each other: as many as possible, then those of lowest energy.

    The search is greedy and starts from each kind of site in turn, so that a low site does not win over two others.

    Returns:
        Indices of sites.
    """
    if len(sites) == 0 or wanted < 1:
        return np.zeros(0, dtype=np.intp)
    closest = windows(ion, has_anions(host.numbers)).ion_ion_A
    if self_distances(host.lattice) < closest:
        return np.zeros(0, dtype=np.intp)
    low = sites.energy_eV <= sites.energy_eV[0] + _MOST_ABOVE_LOWEST_EV * ION_CHARGES[ion]
    sites = VoidSites(sites.frac[low], sites.energy_eV[low])  # sorted, so that the indices stay
    apart = distances(host.lattice, sites.frac, sites.frac, closest)
    allowed = apart >= closest
    kinds = np.concatenate([[0], np.cumsum(np.diff(sites.energy_eV) > _SAME_ENERGY_EV)])
    best: list[int] = []
    for start in range(min(int(kinds[-1]) + 1, _MOST_STARTS)):
        order = np.concatenate([np.flatnonzero(kinds == start), np.flatnonzero(kinds != start)])
        found = _greedy(order, kinds, allowed, apart, wanted)
        if len(found) > len(best):
            best = found
    if len(best) < wanted:
        best = _most(allowed, best, wanted)
    return np.array(sorted(best), dtype=np.intp)


def _greedy(order: Integers, kinds: Integers, allowed: Mask, apart: Floats, wanted: int) -> list[int]:
    """Sites by kind in this order; within a kind, the site farthest from those taken already."""
    taken: list[int] = []
    for kind in dict.fromkeys(kinds[order].tolist()):
        free = [int(site) for site in order if kinds[site] == kind]
        while free and len(taken) < wanted:
            free = [site for site in free if all(allowed[site, other] for other in taken)]
            if not free:
                break
            crowding = [sum(1 / apart[site, other] for other in taken) for site in free]
            taken.append(free.pop(int(np.argmin(np.round(crowding, 6)))))
    return taken


def _most(allowed: Mask, taken: list[int], wanted: int) -> list[int]:
    """Take more sites by local search: free sites, then two sites in place of the only one that excludes them."""
    taken = list(taken)
    while len(taken) < wanted:
        excluded = (~allowed[:, taken]).sum(axis=1)
        excluded[taken] = -1
        free = np.flatnonzero(excluded == 0)
        swapped = [*taken, int(free[0])] if len(free) else _one_for_two(allowed, taken, excluded)
        if swapped is None:
            break
        taken = swapped
    return taken


def _one_for_two(allowed: Mask, taken: list[int], excluded: Integers) -> list[int] | None:
    for site in taken:
        freed = [int(other) for other in np.flatnonzero(excluded == 1) if not allowed[other, site]]
        pairs = ((a, b) for index, a in enumerate(freed) for b in freed[index + 1 :] if allowed[a, b])
        found = next(pairs, None)
        if found is not None:
            return [other for other in taken if other != site] + list(found)
    return None


def enlarged(host: Crystal, times: int) -> Crystal:
    """A supercell of `times` cells; each prime factor repeats the shortest edge."""
    return reduce(_repeated, _prime_factors(times), host)


def _repeated(host: Crystal, times: int) -> Crystal:
    axis = int(np.argmin(np.round(np.linalg.norm(host.lattice, axis=1), 4)))
    scale = np.ones(3)
    scale[axis] = times
    shifts = np.zeros((times, 1, 3))
    shifts[:, 0, axis] = np.arange(times)
    frac = ((host.frac[None, :, :] + shifts) / scale).reshape(-1, 3)
    return replace(host, lattice=host.lattice * scale[:, None], numbers=np.tile(host.numbers, times), frac=frac)


def _prime_factors(number: int) -> list[int]:
    for factor in range(2, number + 1):
        if number % factor == 0:
            return [factor, *_prime_factors(number // factor)]
    return []


def _with_ions(host: Crystal, ion: str, frac: Floats) -> Crystal:
    numbers = np.concatenate([host.numbers, np.full(len(frac), ATOMIC_NUMBERS[ion], dtype=host.numbers.dtype)])
    return replace(host, numbers=numbers, frac=np.concatenate([host.frac, frac]))
