"""Space groups by spglib, straight from the arrays."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Literal

from screening.crystals.crystal import Crystal

CrystalSystem = Literal["triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic"]

_LAST_NUMBERS: tuple[tuple[int, CrystalSystem], ...] = (
    (2, "triclinic"),
    (15, "monoclinic"),
    (74, "orthorhombic"),
    (142, "tetragonal"),
    (167, "trigonal"),
    (194, "hexagonal"),
    (230, "cubic"),
)


def space_group_numbers(
    crystals: Iterable[Crystal], symprec_A: float | tuple[float, ...] = (0.1, 0.01)
) -> list[int | None]:
    """International number (1 to 230) of each crystal; None where none is found.

    symprec_A: distance within which atoms count as equivalent, in Å; of several, the first that succeeds is used.
    """
    tolerances = symprec_A if isinstance(symprec_A, tuple) else (symprec_A,)
    return [_number(crystal, tolerances) for crystal in crystals]


def crystal_system(number: int) -> CrystalSystem:
    """The crystal system of a space group; raises ValueError unless 1 <= number <= 230."""
    if number >= 1:
        for last, system in _LAST_NUMBERS:
            if number <= last:
                return system
    raise ValueError(f"space group numbers run from 1 to 230, not {number}")


def _number(crystal: Crystal, tolerances: tuple[float, ...]) -> int | None:
    import spglib

    cell = (crystal.lattice.tolist(), crystal.frac.tolist(), crystal.numbers.tolist())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tolerance in tolerances:
            try:
                dataset = spglib.get_symmetry_dataset(cell, symprec=tolerance)
            except spglib.SpglibError:
                continue
            if dataset is not None:
                return int(dataset.number)
    return None
