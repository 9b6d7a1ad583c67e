"""Space groups by spglib, straight from the arrays."""

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
    """International number (1 to 230) of each crystal; None where none is found.

    symprec_A: distance within which atoms count as equivalent, in Å; of several, the first that succeeds is used.
    """
    tolerances = symprec_A if isinstance(symprec_A, tuple) else (symprec_A,)
    return [space_group_number(c.lattice, c.frac, c.numbers.tolist(), tolerances) for c in crystals]


def space_group_number(
    lattice: NDArray[np.float64],
    frac: NDArray[np.float64],
    kinds: Sequence[int],
    tolerances: tuple[float, ...] = (0.1, 0.01),
) -> int | None:
    """International number of one arrangement, with the first of the tolerances in Å that succeeds; None with none.

    lattice: (3, 3) row vectors in Å; frac: (n, 3); kinds: n numbers, equal for atoms that may be exchanged.
    """
    dataset = _dataset(lattice, frac, kinds, tolerances)
    return None if dataset is None else int(dataset.number)


def space_group_axis(
    lattice: NDArray[np.float64], frac: NDArray[np.float64], kinds: Sequence[int], tolerance_A: float
) -> tuple[int, NDArray[np.float64]] | None:
    """International number of an arrangement as above, and the unit vector (3,) along c of its standard cell, which is
    the axis of a tetragonal, trigonal or hexagonal one; None where no group is found.
    """
    dataset = _dataset(lattice, frac, kinds, (tolerance_A,))
    if dataset is None:
        return None
    # the columns of the inverse are the standard cell's vectors in terms of the given ones
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
