"""A few quasi-random approximants of an alloy whose mean composition is that of the alloy.

A special quasi-random structure is an ordered cell whose near pairs of sites are occupied as in a random alloy (Zunger
et al., Phys. Rev. Lett. 65, 353 (1990)). A cell holds whole atoms, so that a composition in between is the weighted
mean of cells above and below it: `roundings` gives the smallest such sets. All cells start from the standard cell of
the alloy, so that its description does not matter.
"""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from screening.array_types import Floats
from screening.crystals.crystal import Crystal
from screening.crystals.sanity import plane_spacings
from screening.crystals.sites import Occupancy, Sites
from screening.crystals.standard_cell import standard_cell
from screening.crystals.supercells import most_compact
from screening.crystals.symmetry import space_group_axis

MAX_APPROXIMANTS = 3
LEAST_SITES, MAX_SITES = 16, 72
"""Sites of a supercell, at least so that pairs differ, and at most unless the alloy's own cell is larger."""
CLOSE = 0.025
"""The smallest supercell in which whole atoms come this close to each occupancy is taken."""
_SHELLS_A = (0.0, 3.0, 4.3, 5.5)
"""Limits of the distances of pairs that are compared, in Å."""
_SAME_SITE_A = 0.1
_TETRAGONAL, _CUBIC = 75, 195
"""Lowest numbers of these space groups."""
_TRIALS = 120
_LEAST_WEIGHT = 0.02
_SEED = 20

Groups = list[tuple[Occupancy, list[int]]]
"""Occupancies, which vacancies (0) fill up to one, and the sites that share them."""


def quasirandom(sites: Sites) -> list[Sites]:
    """Ordered approximants of an alloy with their weights, the heaviest first."""
    cell, kinds = _standard(sites)
    lattice, frac, numbers = _supercell(cell, _copies(kinds, cell.numbers))
    axis = _axis(cell)
    groups = [(kinds[kind], np.flatnonzero(numbers == kind).tolist()) for kind in kinds]
    found = []
    for weight, counts, variant in _weighted_counts(groups):
        atoms = _arranged(lattice, frac, groups, counts, variant)
        there = atoms > 0
        found.append(Sites(lattice, atoms[there], frac[there], None, sites.own_id, weight=weight, parent_axis=axis))
    return sorted(found, key=lambda each: -each.weight)


def _axis(cell: Crystal) -> tuple[float, ...]:
    """The main axis of a tetragonal, trigonal or hexagonal alloy; empty of any other."""
    found = space_group_axis(cell.lattice, cell.frac, cell.numbers.tolist(), _SAME_SITE_A)
    if found is None or not _TETRAGONAL <= found[0] < _CUBIC:
        return ()
    return tuple(round(float(part), 9) for part in found[1])


def roundings(targets: list[Floats]) -> tuple[Floats, list[list[NDArray[np.int64]]]]:
    """Whole numbers whose weighted means are given numbers.

    Cumulative sums are rounded from a common offset, which runs from 0 to 1; between two places where one of them
    jumps, the whole numbers stay, and the length of the interval is their weight.

    Args:
        targets: Of each group of sites, the mean number of atoms of each kind; each sum is a whole number.

    Returns:
        Weights (k,), and of each the whole numbers of all groups.
    """
    sums = [np.cumsum(target)[:-1] for target in targets]
    jumps = np.concatenate([1 - (total - np.floor(total + 1e-6)) for total in sums]) if sums else np.zeros(0)
    jumps = jumps[(jumps > 1e-6) & (jumps < 1 - 1e-6)]
    edges = np.unique(np.concatenate([[0.0], jumps.round(6), [1.0]]))
    weights, offsets = np.diff(edges), (edges[1:] + edges[:-1]) / 2
    chosen = []
    for offset in offsets:
        parts = []
        for target, total in zip(targets, sums, strict=True):
            ends = np.concatenate([[0], np.floor(total + offset + 1e-9), [round(target.sum())]])
            parts.append(np.diff(ends).astype(np.int64))
        chosen.append(parts)
    return weights, chosen


def _weighted_counts(groups: Groups) -> list[tuple[float, list[NDArray[np.int64]], int]]:
    """Weight, atoms of each kind in each group, and the number of an arrangement of them."""
    targets = [_shares(site) * len(members) for site, members in groups]
    weights, counts = roundings(targets)
    kept = np.argsort(-weights, kind="stable")[:MAX_APPROXIMANTS]
    kept = kept[weights[kept] >= _LEAST_WEIGHT]
    if len(kept) < len(weights):  # the rest come as close to the composition as they can
        columns = np.array([np.concatenate(counts[index]) for index in kept], dtype=np.float64).T
        rows, wanted = np.vstack([columns, 1e3 * np.ones(len(kept))]), np.append(np.concatenate(targets), 1e3)
        fitted = nnls(rows, wanted)[0]
        kept, fitted = kept[fitted > 1e-3], fitted[fitted > 1e-3]
        chosen = [(float(weight), counts[index], 0) for weight, index in zip(fitted / fitted.sum(), kept, strict=True)]
    else:
        chosen = [(float(weights[index]), counts[index], 0) for index in kept]
    if len(chosen) == 1:  # one composition: two arrangements show how much the arrangement matters
        _, only, _ = chosen[0]
        mixed = any((part > 0).sum() > 1 for part in only)
        return [(0.5, only, 0), (0.5, only, 1)] if mixed else [(1.0, only, 0)]
    return chosen


def _shares(site: Occupancy) -> Floats:
    return np.array(list(site.values())) / sum(site.values())


def _standard(sites: Sites) -> tuple[Crystal, dict[int, Occupancy]]:
    """The standard cell, in which numbers stand for kinds of occupancy, and the occupancies of each kind."""
    occupancies = sites.occupancies or []
    keys = [tuple(sorted((z, round(share, 4)) for z, share in site.items())) for site in occupancies]
    kinds = {key: index for index, key in enumerate(sorted(set(keys)), start=1)}
    first = {kinds[key]: site for key, site in zip(reversed(keys), reversed(occupancies), strict=True)}
    numbers = [kinds[key] for key in keys]
    cell = standard_cell(Crystal.from_arrays("", sites.lattice, numbers, sites.frac))
    return cell, {kind: _filled(first[kind]) for kind in sorted(first)}


def _filled(site: Occupancy) -> Occupancy:
    """With vacancies (0), the most abundant occupant first."""
    vacant = 1.0 - sum(site.values())
    whole = {**site, 0: vacant} if vacant > 1e-3 else site
    return {z: whole[z] for z in sorted(whole, key=lambda z: (-round(whole[z], 4), z))}


def _copies(kinds: dict[int, Occupancy], numbers: NDArray[np.int16]) -> int:
    """Standard cells in the supercell."""
    shares = [(_shares(site), int((numbers == kind).sum())) for kind, site in kinds.items()]

    def deviation(copies: int) -> float:
        whole = [np.abs(np.rint(share * sites * copies) / (sites * copies) - share).max() for share, sites in shares]
        return float(max(whole))

    most = max(1, MAX_SITES // len(numbers))
    least = min(most, -(-LEAST_SITES // len(numbers)))
    options = range(least, most + 1)
    return next((copies for copies in options if deviation(copies) <= CLOSE), min(options, key=deviation))


def _supercell(cell: Crystal, copies: int) -> tuple[Floats, Floats, NDArray[np.int16]]:
    """Lattice, fractional coordinates and kinds."""
    repeats = most_compact(cell.lattice, copies)
    shifts = np.array(list(product(*(range(times) for times in repeats))), dtype=np.float64)
    frac = (cell.frac[None] + shifts[:, None]) / repeats
    return cell.lattice * np.array(repeats)[:, None], frac.reshape(-1, 3), np.tile(cell.numbers, copies)


def _arranged(
    lattice: Floats, frac: Floats, groups: Groups, counts: list[NDArray[np.int64]], variant: int
) -> NDArray[np.int16]:
    """Atomic numbers (0: vacant) of all sites: of many random arrangements, the one most like a random alloy.

    Args:
        lattice: (3, 3) row vectors in Å.
        frac: (n, 3).
        groups: Sites by occupancy.
        counts: Atoms of each kind in each group.
        variant: 0 for the best, 1 for the next.
    """
    atoms = np.zeros(len(frac), dtype=np.int16)
    pools = []
    for (site, members), count in zip(groups, counts, strict=True):
        pool = np.repeat(np.array(list(site), dtype=np.int16), count)
        atoms[members] = pool
        if len(set(pool.tolist())) > 1:
            pools.append((np.array(members), pool))
    if not pools:
        return atoms
    mixed = np.concatenate([members for members, _ in pools])
    pairs = _pairs(lattice, frac[mixed])
    present = np.unique(np.concatenate([pool for _, pool in pools]))
    expected = np.concatenate([np.tile((pool[:, None] == present).mean(axis=0), (len(pool), 1)) for _, pool in pools])
    random = np.random.default_rng(_SEED)
    drawn = np.stack([np.concatenate([random.permutation(pool) for _, pool in pools]) for _ in range(_TRIALS)])
    marks = (drawn[:, :, None] == present).astype(np.float64)
    apart = sum(
        ((marks.transpose(0, 2, 1) @ (shell @ marks) - expected.T @ (shell @ expected)) ** 2).sum(axis=(1, 2))
        for shell in pairs
    )
    best = np.argsort(np.asarray(apart).round(9), kind="stable")
    atoms[mixed] = drawn[best[variant]]
    return atoms


def _pairs(lattice: Floats, frac: Floats) -> Floats:
    """Pairs of n sites in each shell of distances, over the root of the shell's pairs, (shells, n, n)."""
    reach = np.ceil(_SHELLS_A[-1] / plane_spacings(lattice) + 0.5).astype(int)
    apart = frac[:, None] - frac[None]
    apart -= np.rint(apart)
    found = np.zeros((len(_SHELLS_A) - 1, len(frac), len(frac)))
    for shift in product(*(range(-most, most + 1) for most in reach)):
        distance = np.linalg.norm((apart + shift) @ lattice, axis=2)
        for shell, (low, high) in enumerate(pairwise(_SHELLS_A)):
            found[shell] += (distance > max(low, 1e-3)) & (distance <= high)
    return np.asarray(found / np.sqrt(np.maximum(found.sum(axis=(1, 2), keepdims=True), 1.0)))
