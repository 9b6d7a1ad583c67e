"""The path of an ion between two sites of a frame, and what is wrong with one that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.crystals.sanity import HEAVIEST_ELEMENT, closest_pair, plane_spacings
from screening.materials.electrodes.end_members.images import distances
from screening.materials.electrodes.end_members.roles import ANIONS
from screening.materials.electrodes.working_ions import CHARGES

N_POINTS = 5
"""Points of a path, both ends included."""
MIGRATING_CHARGES = {ion: CHARGES[ion] for ion in ("Li", "Na", "K", "Rb", "Mg", "Ca", "Zn", "Al")} | {"Sr": 2}
"""Charges of the ions whose calculated barriers are known."""
_LEAST_AT_ENDS_A, _LEAST_BETWEEN_A = 1.2, 0.25
"""Distances to the nearest atom of the frame. Straight paths of published calculations pass atoms at 0.3 Å, since the
ion moves around them; their ends are at least 1.6 Å away, but for frames that still hold the moving ion."""
_SHORTEST_A, _LONGEST_A = 0.5, 15.0
_LEAST_IN_FRAME_A = 0.5
"""A molecule of hydrogen, the shortest bond, has 0.74 Å."""
_ANIONS = frozenset({*ANIONS, "P", "As", "Sb"})
"""Of the frames in the table of barriers, all but one phosphide have another anion."""
_LEAST_SPACING_A = 2.0
_BETWEEN = 8  # places between two points where the distance to atoms is looked at


@dataclass(frozen=True)
class MigrationPath:
    """A path between two sites.

    Attributes:
        id: Text that names it.
        ion: Symbol of the moving ion.
        lattice: (3, 3) row vectors of the (super)cell in Å.
        numbers: (n,) atomic numbers of the frame, without the moving ion.
        frac: (n, 3) fractional coordinates of the frame.
        path_frac: (5, 3) fractional coordinates of the ion, from one site to the other.
    """

    id: str
    ion: str
    lattice: NDArray[np.float64]
    numbers: NDArray[np.int16]
    frac: NDArray[np.float64]
    path_frac: NDArray[np.float64]

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> MigrationPath:
        """A path from a row with `id, ion, lattice, species, frac, path_frac`; see `check_path` for what else it needs.

        Raises:
            ValueError: The row lacks one of these, or it has another shape.
        """
        missing = [name for name in ("id", "ion", "lattice", "species", "frac", "path_frac") if name not in row]
        if missing:
            raise ValueError(f"the row has no {', '.join(missing)}")
        species = row["species"]
        if not isinstance(species, list | tuple):
            raise ValueError("species: expected a list of element symbols")
        unknown = sorted({str(symbol) for symbol in species if str(symbol) not in ATOMIC_NUMBERS})
        if unknown:
            raise ValueError(f"species: expected element symbols, found {', '.join(unknown)}")
        lattice, frac, path = (_points(row, name) for name in ("lattice", "frac", "path_frac"))
        if len(lattice) != 3:
            raise ValueError(f"lattice: expected 3 vectors, found {len(lattice)}")
        if len(frac) != len(species):
            raise ValueError(f"species and frac: expected as many of both, found {len(species)} and {len(frac)}")
        numbers = np.array([ATOMIC_NUMBERS[symbol] for symbol in species], dtype=np.int16)
        return cls(str(row["id"]), str(row["ion"]), lattice, numbers, frac, path)

    @cached_property
    def points_A(self) -> Floats:
        """(5, 3) Cartesian points of the path; each is the image nearest to the one before it."""
        steps = np.diff(self.path_frac, axis=0)
        steps -= np.rint(steps)
        return np.asarray(np.vstack([self.path_frac[:1], self.path_frac[0] + np.cumsum(steps, axis=0)]) @ self.lattice)

    @property
    def length_A(self) -> float:
        """Length of the line through the points."""
        return float(np.linalg.norm(np.diff(self.points_A, axis=0), axis=1).sum())


def check_path(path: MigrationPath) -> str | None:
    """What is wrong with a path, as a clause; None if its barrier can be predicted."""
    if len(path.path_frac) != N_POINTS:
        return f"path_frac has {len(path.path_frac)} points; expected {N_POINTS}, from one site to the other"
    if path.ion not in MIGRATING_CHARGES:
        return f"no barriers of {path.ion!r} are known; expected one of {', '.join(MIGRATING_CHARGES)}"
    if not all(np.isfinite(part).all() for part in (path.lattice, path.frac, path.path_frac)):
        return "lattice, frac or path_frac hold numbers that are not finite"
    if abs(np.linalg.det(path.lattice)) < 1.0 or plane_spacings(path.lattice).min() < _LEAST_SPACING_A:
        return f"the lattice is flat: planes are less than {_LEAST_SPACING_A:g} Å apart"
    if not len(path.numbers):
        return "the frame has no atoms"
    if not _SHORTEST_A <= path.length_A <= _LONGEST_A:
        return f"the path is {path.length_A:.2f} Å long; expected {_SHORTEST_A:g} to {_LONGEST_A:g} Å"
    if np.linalg.norm(path.points_A[-1] - path.points_A[0]) < _SHORTEST_A:
        return "the path ends where it begins; expected two sites"
    return _frame_problem(path) or _collision(path)


def _frame_problem(path: MigrationPath) -> str | None:
    """What is wrong with the frame, as a clause."""
    if path.numbers.max() > HEAVIEST_ELEMENT:
        return f"no barrier is known in a frame with {SYMBOLS[path.numbers.max()]}"
    if not any(SYMBOLS[number] in _ANIONS for number in path.numbers):
        return "the frame has no anions; barriers in ionic crystals alone are known"
    close = closest_pair(path.lattice, path.frac, _LEAST_IN_FRAME_A)
    if close is not None:
        first, second = (SYMBOLS[path.numbers[atom]] for atom in close[:2])
        return f"atoms of the frame overlap: {first} and {second} are {close[2]:.2f} Å apart"
    return None


def _collision(path: MigrationPath) -> str | None:
    """An atom in the way, as a clause."""
    points = path.points_A
    share = np.arange(_BETWEEN)[:, None] / _BETWEEN
    line = np.vstack([start + share * (end - start) for start, end in pairwise(points)])
    line = np.vstack([line, points[-1]])
    apart = distances(path.lattice, line @ np.linalg.inv(path.lattice), path.frac, _LEAST_AT_ENDS_A)
    nearest, atom = apart.min(axis=1), apart.argmin(axis=1)
    worst = int(nearest.argmin())
    if 0 < worst < len(line) - 1 and nearest[worst] < _LEAST_BETWEEN_A:
        return f"the path goes through an atom: {nearest[worst]:.2f} Å from {SYMBOLS[path.numbers[atom[worst]]]}"
    for end, name in ((0, "begins"), (-1, "ends")):
        if nearest[end] < _LEAST_AT_ENDS_A:
            symbol = SYMBOLS[path.numbers[atom[end]]]
            return (
                f"the path {name} {nearest[end]:.2f} Å from {symbol}; "
                f"expected a free site and a frame without the moving ion"
            )
    return None


def _points(row: Mapping[str, Any], name: str) -> NDArray[np.float64]:
    """(n, 3) numbers of a row; raises ValueError if they are anything else."""
    try:
        found = np.asarray(row[name], dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name}: expected rows of three numbers") from None
    if found.ndim != 2 or found.shape[1] != 3:
        raise ValueError(f"{name}: expected rows of three numbers, found the shape {found.shape}")
    return found
