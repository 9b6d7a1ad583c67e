"""Finds labels that cannot all be right: one crystal with two values, and energies that look like those of whole cells.

Two crystals are one if formula and volume per atom agree and so do the numbers of neighbours of each element in shells
of distance around each element. These do not change with the cell, the order of atoms, rotation, mirror image or
supercell. Comparing them takes milliseconds a crystal; pymatgen's matcher takes seconds for some polytypes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.crystals import Crystal, Rejection
from screening.data.store import LabelledCrystal
from screening.data.targets import TARGETS

_SAME = 2e-3
"""Relative difference of the volumes of one crystal."""
_SAME_SUMS = 1e-2
"""Difference of the shells of one crystal: positions rounded to 0.001 Å change them by 0.003."""
_REACH, _WIDTH = 3.5, 0.1  # in units of the cube root of the volume per atom
_STAGE = "labels"
_FEWEST, _FOLLOWS = 30, 0.9


@dataclass(frozen=True)
class Contradiction:
    """Rows of a source that are one crystal, and a quantity that they disagree in.

    Attributes:
        rows: Their numbers, in order.
        quantity: The label column.
    """

    rows: tuple[int, ...]
    quantity: str


def find_contradictions(rows: Sequence[LabelledCrystal]) -> list[Contradiction]:
    """All crystals that several rows have, with labels farther apart than the tolerance of their quantity."""
    by_formula: defaultdict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        by_formula[row.crystal.formula].append(index)
    found = []
    for group in by_formula.values():
        for alike in _of_one_volume(rows, group):
            for same in _crystals(rows, alike):
                found += [Contradiction(tuple(same), column) for column in TARGETS if _disagree(rows, same, column)]
    return found


def _of_one_volume(rows: Sequence[LabelledCrystal], group: Sequence[int]) -> Iterator[list[int]]:
    """The rows of a formula cut where the volume per atom makes a step, without those that disagree in nothing."""
    volumes = {index: rows[index].crystal.volume_A3 / rows[index].crystal.n_atoms for index in group}
    chains: list[list[int]] = []
    for index in sorted(group, key=lambda index: (volumes[index], index)):
        if chains and volumes[index] <= volumes[chains[-1][-1]] * (1 + _SAME):
            chains[-1].append(index)
        else:
            chains.append([index])
    return (chain for chain in chains if any(_disagree(rows, chain, column) for column in TARGETS))


def _disagree(rows: Sequence[LabelledCrystal], group: Sequence[int], column: str) -> bool:
    values = [rows[index].labels[column] for index in group if column in rows[index].labels]
    return len(values) > 1 and max(values) - min(values) > TARGETS[column].same_within


def _crystals(rows: Sequence[LabelledCrystal], group: Sequence[int]) -> Iterator[list[int]]:
    """The rows of one formula by crystal; each is compared with the first one of the crystals like it."""
    invariants = {index: distance_invariant(rows[index].crystal) for index in group}
    sums = {index: float(invariants[index].sum()) for index in group}
    near: list[list[int]] = []
    alike: list[list[int]] = []
    for index in sorted(group, key=lambda index: (sums[index], index)):
        near = [same for same in near if sums[index] - sums[same[0]] <= _SAME_SUMS * max(1.0, sums[index])]
        own = next((same for same in near if _alike(invariants[index], invariants[same[0]])), None)
        if own is None:
            near.append([index])
            alike.append(near[-1])
        else:
            own.append(index)
    return (sorted(same) for same in alike)


def _alike(one: Floats, other: Floats) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=_SAME_SUMS, atol=_SAME_SUMS))


def distance_invariant(crystal: Crystal) -> Floats:
    """(K,) sums over distances around the atoms of each pair of elements, per atom; smooth in the positions."""
    from pymatgen.optimization.neighbors import find_points_in_spheres

    lattice = np.ascontiguousarray(crystal.lattice, dtype=np.float64)
    atoms = np.ascontiguousarray((crystal.frac % 1.0) @ lattice)
    unit = (crystal.volume_A3 / crystal.n_atoms) ** (1 / 3)
    periodic = np.ones(3, dtype=np.int64)
    centre, other, _, distance = find_points_in_spheres(atoms, atoms, _REACH * unit, periodic, lattice, 1e-8)
    away = distance > 1e-8
    centre, other, scaled = centre[away], other[away], distance[away] / unit
    fade = 0.5 * (1 + np.cos(np.pi * np.minimum(scaled / _REACH, 1.0)))
    elements, kind = np.unique(crystal.numbers, return_inverse=True)
    pair = kind.reshape(-1)[centre] * len(elements) + kind.reshape(-1)[other]
    shells = [np.exp(-(((scaled - at) / _WIDTH) ** 2)) for at in np.arange(0.7, _REACH, 2 * _WIDTH)]
    sums = [np.bincount(pair, fade * shell, len(elements) ** 2) for shell in shells]
    return np.concatenate(sums) / crystal.n_atoms


def without_contradictions(
    rows: Sequence[LabelledCrystal], found: Sequence[Contradiction]
) -> Iterator[LabelledCrystal | Rejection]:
    """The rows without the labels that contradict another one: which of them is right cannot be known.

    A crystal that has no label left is refused.

    Args:
        rows: The labelled crystals of a source.
        found: Their contradictions, as from `find_contradictions`.
    """
    reasons: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for found_one in found:
        labelled = {index: rows[index].labels.get(found_one.quantity) for index in found_one.rows}
        values = {index: value for index, value in labelled.items() if value is not None}
        for own, here in values.items():
            other = max(values, key=lambda index: abs(values[index] - here))
            named = rows[other].crystal.candidate_id
            reasons[own][found_one.quantity] = (
                f"{found_one.quantity} is {here:g} here and {values[other]:g} for {named}"
            )
    for index, row in enumerate(rows):
        if index not in reasons:
            yield row
            continue
        kept = replace(row, labels={name: value for name, value in row.labels.items() if name not in reasons[index]})
        if kept.labels or kept.site_moment_muB is not None:
            yield kept
        else:
            reason = f"one crystal, contradicting labels: {'; '.join(reasons[index].values())}"
            yield Rejection(row.crystal.candidate_id, row.crystal.source, _STAGE, reason)


def looks_like_whole_cells(rows: Sequence[LabelledCrystal]) -> list[str]:
    """Columns of values per atom or volume that grow with the size of the cell, as those of whole cells do."""
    return [column for column in TARGETS if _grows(rows, column)]


def _grows(rows: Sequence[LabelledCrystal], column: str) -> bool:
    """Whether the sizes of the labels, among those that are not zero, follow the number of atoms."""
    pairs = [(row.crystal.n_atoms, abs(row.labels[column])) for row in rows if abs(row.labels.get(column, 0.0)) > 0]
    if len(pairs) < _FEWEST or len({atoms for atoms, _ in pairs}) < 4:
        return False
    atoms, sizes = np.log(np.array(pairs, dtype=np.float64).T)
    return _rank_correlation(atoms, sizes) > _FOLLOWS and math.isclose(np.polyfit(atoms, sizes, 1)[0], 1.0, abs_tol=0.3)


def _rank_correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(x, y).statistic)
