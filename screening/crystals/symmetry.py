"""Space groups by spglib, directly from arrays."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.crystals.crystal import Crystal


def space_group_numbers(
    crystals: Iterable[Crystal], symprec_A: float | tuple[float, ...] = (0.1, 0.01)
) -> list[int | None]:
    """International space-group number (1 to 230) of each crystal; None if none is found.

    Args:
        crystals: The crystals.
        symprec_A: Distance within which atoms count as equivalent; of several, the first that succeeds is used.
    """
    tolerances = symprec_A if isinstance(symprec_A, tuple) else (symprec_A,)
    return [space_group_number(c.lattice, c.frac, c.numbers.tolist(), tolerances) for c in crystals]


def space_group_number(
    lattice: NDArray[np.float64],
    frac: NDArray[np.float64],
    kinds: Sequence[int],
    tolerances: tuple[float, ...] = (0.1, 0.01),
) -> int | None:
    """International space-group number of an arrangement of atoms; None if none is found.

    Args:
        lattice: (3, 3) row vectors in Å.
        frac: (n, 3) fractional coordinates.
        kinds: n numbers, equal for equivalent kinds of atoms.
        tolerances: In Å; the first that succeeds is used.
    """
    dataset = _dataset(lattice, frac, kinds, tolerances)
    return None if dataset is None else int(dataset.number)


def space_group_axis(
    lattice: NDArray[np.float64], frac: NDArray[np.float64], kinds: Sequence[int], tolerance_A: float
) -> tuple[int, NDArray[np.float64]] | None:
    """Space group of an arrangement of atoms, and the direction of its axis.

    Args:
        lattice: As in `space_group_number`.
        frac: As in `space_group_number`.
        kinds: As in `space_group_number`.
        tolerance_A: Distance within which atoms count as equivalent.

    Returns:
        The international number, and the (3,) unit vector along c of the standard cell, which is the main axis of a
        tetragonal, trigonal or hexagonal crystal; None if no group is found.
    """
    dataset = _dataset(lattice, frac, kinds, (tolerance_A,))
    if dataset is None:
        return None
    # columns of the inverse are vectors of the standard cell in terms of the given cell
    axis = np.linalg.inv(dataset.transformation_matrix)[:, 2] @ lattice
    return int(dataset.number), axis / np.linalg.norm(axis)


def _dataset(
    lattice: NDArray[np.float64], frac: NDArray[np.float64], kinds: Sequence[int], tolerances: tuple[float, ...]
) -> Any:
    import spglib

    cell = (lattice.tolist(), frac.tolist(), list(kinds))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tolerance in tolerances:
            try:
                dataset = spglib.get_symmetry_dataset(cell, symprec=tolerance)
            except spglib.SpglibError:
                continue
            if dataset is not None:
                return dataset
    return None
