"""Calculated migration barriers as training data: paths, and the barrier along each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.compositions import formula_counts
from screening.chemistry.elements import ATOMIC_NUMBERS, N_ELEMENTS, SYMBOLS
from screening.data.raw_tables import json_rows
from screening.errors import RequestError
from screening.materials.electrodes.barriers.migration_path import MigrationPath, check_path
from screening.materials.electrodes.end_members.images import distances

BARRIERS_FILE = "barriers.jsonl.gz"
_HIGHEST_EV = 5.0
"""Calculations above this let the ion collide with the frame."""
_DIGITS = 2
_REACH_A = 3.0
_SAME_FRACTION = 1e-4
EXCLUDED = "a compound that was excluded"


@dataclass(frozen=True)
class BarrierExamples:
    """R paths with their calculated barriers.

    Attributes:
        paths: One of each.
        barrier_eV: (R,) the median of all values for the path.
        systems: (R,) chemical system of frame and ion.
        repeated: Rows beyond the first of a path.
        dropped: Number of rows left out, by reason.
    """

    paths: tuple[MigrationPath, ...]
    barrier_eV: Floats
    systems: NDArray[np.str_]
    repeated: int
    dropped: dict[str, int]


def barrier_examples(folder: Path, excluded: Sequence[str] = ()) -> BarrierExamples:
    """Examples from `barriers.jsonl.gz` in a folder, with `barrier_eV` in each row beside the columns of a path.

    Args:
        folder: Of the table.
        excluded: Formulas of compounds; paths in one of them, with whatever content of the moving ion, are left out.

    Raises:
        RequestError: The file is missing or cannot be read, or no row is usable.
    """
    values: defaultdict[Hashable, list[float]] = defaultdict(list)
    first: dict[Hashable, MigrationPath] = {}
    dropped: Counter[str] = Counter()
    hosts = formula_counts(excluded)
    for row in json_rows(folder / BARRIERS_FILE):
        path, reason = _checked(row)
        if path is None:
            dropped[reason] += 1
            continue
        if _is_one_of(hosts, path):
            dropped[EXCLUDED] += 1
            continue
        key = _same(path)
        first.setdefault(key, path)
        values[key].append(float(row["barrier_eV"]))
    if not first:
        raise RequestError(f"{folder / BARRIERS_FILE}: no row is a path with a barrier up to {_HIGHEST_EV:g} eV")
    return BarrierExamples(
        tuple(first.values()),
        np.array([np.median(values[key]) for key in first]),
        np.array([_system(path) for path in first.values()], dtype=np.str_),
        sum(map(len, values.values())) - len(first),
        dict(dropped),
    )


def _checked(row: Mapping[str, Any]) -> tuple[MigrationPath | None, str]:
    """The path of a row; or None, and why it is left out."""
    barrier = row.get("barrier_eV")
    if not isinstance(barrier, int | float) or not 0 <= barrier <= _HIGHEST_EV:
        return None, f"a barrier outside 0 to {_HIGHEST_EV:g} eV"
    try:
        path = MigrationPath.from_row(row)
    except ValueError:
        return None, "not a path"
    return (path, "") if check_path(path) is None else (None, "a path that `screening barriers` refuses")


def _is_one_of(compounds: Floats, path: MigrationPath) -> bool:
    """Whether the frame is that of one of E compounds, (E, 119) atoms of each element, but for the moving ion."""
    host = np.bincount(path.numbers, minlength=N_ELEMENTS).astype(np.float64)
    both = np.vstack([host, compounds])
    both[:, ATOMIC_NUMBERS[path.ion]] = 0.0
    shares = both / np.maximum(both.sum(axis=1, keepdims=True), 1e-9)
    return bool((np.abs(shares[1:] - shares[0]).max(axis=1) < _SAME_FRACTION).any())


def _same(path: MigrationPath) -> Hashable:
    """What two rows of the same path share, although their cells may differ in the last digits."""
    elements, counts = np.unique(path.numbers, return_counts=True)
    volume = abs(float(np.linalg.det(path.lattice))) / len(path.numbers)
    nearest = np.minimum(distances(path.lattice, path.path_frac, path.frac, _REACH_A).min(axis=1), _REACH_A)
    sizes = np.round([volume, path.length_A, *np.sort(nearest)], _DIGITS)
    return (path.ion, tuple(elements.tolist()), tuple(counts.tolist()), tuple(sizes.tolist()))


def _system(path: MigrationPath) -> str:
    return "-".join(sorted({path.ion, *(SYMBOLS[number] for number in np.unique(path.numbers))}))
