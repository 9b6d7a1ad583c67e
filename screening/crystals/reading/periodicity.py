"""Cells: what makes an arrangement of atoms a crystal, and its fractional coordinates."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from screening.crystals.reading.parts import UnreadableError


def check_periodic(directions: Iterable[object]) -> None:
    """Refuse a molecule, a wire or a slab.

    Args:
        directions: Whether it is periodic along each lattice vector.

    Raises:
        UnreadableError: It is not periodic along all three, or there are not three.
    """
    periodic = [bool(each) for each in directions]
    if len(periodic) != 3:
        raise UnreadableError(f"the periodicity (pbc) must be stated for three directions, not {len(periodic)}")
    if not all(periodic):
        marks = " ".join("FT"[each] for each in periodic)
        raise UnreadableError(f"not periodic in three directions (pbc {marks})")


def check_lattice(lattice: NDArray[np.float64]) -> None:
    """Refuse a molecule.

    Raises:
        UnreadableError: The lattice vectors are zero.
    """
    if not lattice.any():
        raise UnreadableError("no lattice: a molecule, not a crystal")


def fractional(positions: NDArray[np.float64], lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fractional coordinates.

    Args:
        positions: (n, 3) in Å.
        lattice: (3, 3) row vectors in Å.

    Raises:
        UnreadableError: The cell has no volume.
    """
    try:
        return np.asarray(np.linalg.solve(lattice.T, positions.T).T, dtype=np.float64)
    except np.linalg.LinAlgError:
        raise UnreadableError("absurd lattice: the cell encloses no volume") from None
