"""Lattices, positions and species in decoded JSON, checked: nothing is reshaped, guessed or converted from text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.periodicity import check_periodic
from screening.crystals.reading.species import atomic_number
from screening.crystals.sites import Occupancy, Sites


def plain(value: Any) -> Any:
    """A list, also of an array as ASE writes it: `{"__ndarray__": [shape, type, numbers]}`.

    Raises:
        UnreadableError: The shape does not fit the numbers.
    """
    if not (isinstance(value, Mapping) and "__ndarray__" in value):
        return value
    try:
        shape, _, flat = value["__ndarray__"]
        if not all(type(length) is int and length >= 0 for length in shape) or prod(shape) != len(flat):
            raise UnreadableError(f"an array of shape {shape} with {len(flat)} numbers")
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, UnreadableError) else UnreadableError("a damaged array") from None
    for length in reversed(shape[1:]):
        flat = [flat[start : start + length] for start in range(0, len(flat), length)] if length else []
    return flat


def matrix(lattice: Any) -> NDArray[np.float64]:
    """(3, 3) row vectors in Å.

    Raises:
        UnreadableError: It is anything else.
    """
    cell = _numbers(lattice)
    if cell is None:
        raise UnreadableError("the lattice must be three vectors of three numbers")
    if cell.shape != (3, 3):
        raise UnreadableError(f"the lattice must be three vectors of three numbers, its shape is {cell.shape}")
    return cell


def cell_of(lattice: Any) -> NDArray[np.float64]:
    """(3, 3) row vectors in Å, also of a lattice as pymatgen writes it: a matrix, or lengths and angles, with `pbc`.

    Raises:
        UnreadableError: It is anything else, or not periodic in three directions.
    """
    if not isinstance(lattice, Mapping):
        return matrix(lattice)
    check_periodic(directions(lattice.get("pbc")))
    return matrix(lattice["matrix"]) if "matrix" in lattice else _cell_of_lengths(lattice)


def _cell_of_lengths(lattice: Mapping[str, Any]) -> NDArray[np.float64]:
    """Row vectors in Å with a in the x-z plane and c along z, as pymatgen has them."""
    try:
        a, b, c, *angles = (float(lattice[key]) for key in ("a", "b", "c", "alpha", "beta", "gamma"))
    except (KeyError, TypeError, ValueError):
        raise UnreadableError("the lattice must be three vectors of three numbers") from None
    cos = np.cos(np.radians(angles))
    sin = np.sin(np.radians(angles))
    turn = (cos[0] * cos[1] - cos[2]) / (sin[0] * sin[1])
    if not abs(turn) <= 1:
        raise UnreadableError(f"the angles {angles} do not close a cell")
    side = np.sqrt(1 - turn**2)
    first = [a * sin[1], 0.0, a * cos[1]]
    return np.array([first, [-b * sin[0] * turn, b * sin[0] * side, b * cos[0]], [0.0, 0.0, c]])


def coordinates(positions: Any, key: str) -> NDArray[np.float64]:
    """(n, 3) coordinates.

    Args:
        positions: A list of three numbers per atom.
        key: What it is called in the input, for messages.

    Raises:
        UnreadableError: It is anything else.
    """
    found = _numbers(positions)
    if found is not None and found.size == 0:
        return np.zeros((0, 3))
    if found is None or found.ndim != 2 or found.shape[1] != 3:
        raise UnreadableError(f"{key} must be a list of three numbers per atom")
    return found


def _numbers(values: Any) -> NDArray[np.float64] | None:
    """An array of numbers; None if something else is among them (null becomes NaN, which a later check refuses)."""
    try:
        found = np.array(values)
        if found.dtype.kind == "O" and all(isinstance(x, int | float | None) for x in found.flat):
            found = found.astype(np.float64)
    except (ValueError, OverflowError):
        return None
    return found.astype(np.float64) if found.dtype.kind in "fiu" else None


def assemble(lattice: Any, species: Any, positions: NDArray[np.float64], identity: str) -> Sites:
    """A crystal of a species, or a mapping of species to occupancies, for each atom.

    Raises:
        UnreadableError: The lattice or a species is not one, or the numbers of species and positions differ.
    """
    cell = matrix(lattice)
    if not isinstance(species, Sequence) or isinstance(species, str):
        raise UnreadableError("species must be a list with one entry per atom")
    if len(species) != len(positions):
        raise UnreadableError(f"{len(species)} species but {len(positions)} positions")
    try:
        numbers = np.array([ATOMIC_NUMBERS[symbol] for symbol in species], dtype=np.int16)
    except (KeyError, TypeError):
        return from_sites(cell, [_occupancy(entry) for entry in species], positions, identity)
    return Sites(cell, numbers, positions, None, identity)


def from_sites(
    cell: NDArray[np.float64], sites: list[Occupancy], positions: NDArray[np.float64], identity: str
) -> Sites:
    """As `Sites.from_occupancies`.

    Raises:
        UnreadableError: There are no sites.
    """
    if not sites:
        raise UnreadableError("no atoms")
    return Sites.from_occupancies(cell, sites, positions, identity)


def _occupancy(entry: Any) -> Occupancy:
    """One site: a species, or a mapping of species to occupancies."""
    if not isinstance(entry, Mapping):
        return {atomic_number(entry if isinstance(entry, str | int) else str(entry)): 1.0}
    return occupancy_of(list(entry.items()))


def occupancy_of(pairs: list[tuple[Any, Any]]) -> Occupancy:
    """Occupancies summed by element: Fe2+ and Fe3+ on a site are one element.

    Raises:
        UnreadableError: A species is not an element, or an occupancy or their sum is not between 0 and 1.
    """
    site: Occupancy = {}
    for species, amount in pairs:
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount <= 1.001:
            raise UnreadableError(f"the occupancy of '{str(species)[:40]}' is not between 0 and 1")
        if amount > 0:
            number = atomic_number(species if isinstance(species, str | int) else str(species))
            site[number] = site.get(number, 0.0) + float(amount)
    if not site or sum(site.values()) > 1.01:
        raise UnreadableError("the occupancies of a site do not add up to between 0 and 1")
    return site


def directions(value: Any) -> Sequence[object]:
    """Periodicity along three directions; a row that says nothing about it is periodic.

    Raises:
        UnreadableError: It is not a list of true and false.
    """
    if value is None or value is True:
        return (True, True, True)
    if isinstance(value, Sequence) and not isinstance(value, str) and all(each in (0, 1) for each in value):
        return value
    raise UnreadableError("the periodicity (pbc) must be a list of three times true or false")
