"""Symmetry operations: parsed from text or a Hall symbol, checked to be a group, applied to a cell."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import gemmi
import numpy as np
from numpy.typing import NDArray

from screening.crystals.reading.parts import UnreadableError

STEPS = 24
"""Translations are whole multiples of 1/24 of a lattice vector, as in gemmi."""
MAX_OPERATIONS = 1536
"""A group of 192 operations in a cell of eight times the volume."""

_LONGEST = 60
_TRIPLET = re.compile(r"[xyzXYZ0-9.,/*+\- ]+")
_SHIFT = re.compile(r"\d+/\d+|\d*\.\d*")
_FACTOR = re.compile(r"(\d)(?=[xyzXYZ])")
_NEAR = 0.005  # 0.33 is 1/3, 0.3 is not


@dataclass(frozen=True, eq=False)
class Operations:
    """A group of symmetry operations, the identity first.

    Attributes:
        rotations: (n, 3, 3) whole numbers; they act on columns of fractional coordinates.
        shifts: (n, 3) translations in 1/24 of the lattice vectors, from 0 to 23.
    """

    rotations: NDArray[np.int64]
    shifts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rotations)

    @cached_property
    def keys(self) -> frozenset[int]:
        """A whole number for each operation; equal groups have equal sets."""
        return frozenset(_encode(self.rotations, self.shifts).tolist())

    @cached_property
    def number(self) -> int | None:
        """International number of the space group; None if it cannot be found."""
        group: gemmi.SpaceGroup | None = gemmi.find_spacegroup_by_ops(gemmi.GroupOps(_as_gemmi(self)))
        if group is not None:
            return int(group.number)
        import spglib

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = spglib.get_spacegroup_type_from_symmetry(self.rotations.astype("intc"), self.shifts / STEPS)
        return int(found.number) if found is not None and found.number else None

    def deviation(self, lattice: NDArray[np.float64]) -> float:
        """By how much the operations change lengths in a cell: the largest change of a lattice vector, relative.

        Args:
            lattice: (3, 3) row vectors in Å.
        """
        if len(self) == 1:
            return 0.0
        metric = lattice @ lattice.T
        moved = np.einsum("nji,jk,nkl->nil", self.rotations, metric, self.rotations)
        lengths = np.sqrt(np.diag(metric))
        return float(np.abs((moved - metric) / np.outer(lengths, lengths)).max())


def from_hall(symbol: str) -> Operations:
    """The operations of a Hall symbol such as `-F 4 2 3`.

    Raises:
        UnreadableError: It is not one.
    """
    words = symbol.replace("_", " ").replace("''", '"').split()
    if not words or len(symbol) > _LONGEST:
        raise UnreadableError("an empty Hall symbol")
    first = words[0].upper()
    rest = [word.lower() if not word.startswith("(") else word for word in words[1:]]
    return _from_hall(" ".join([first, *rest]))


@lru_cache(maxsize=1024)
def _from_hall(symbol: str) -> Operations:
    try:
        return _from_gemmi(gemmi.symops_from_hall(symbol))
    except (RuntimeError, ValueError) as error:
        raise UnreadableError(f"'{symbol}' is not a Hall symbol ({error})") from None


def from_triplets(triplets: Sequence[str], centrings: Sequence[str] = ()) -> Operations:
    """The group of operations such as `-y,x-y,z+1/2`.

    Args:
        triplets: The operations; the identity may be missing.
        centrings: Translations that are combined with each of them.

    Raises:
        UnreadableError: One cannot be understood, or they are no group.
    """
    if len(triplets) * max(1, len(centrings)) > MAX_OPERATIONS:
        raise UnreadableError(f"{len(triplets)} symmetry operations, more than any space group has")
    return _from_triplets(tuple(map(_short, triplets)), tuple(map(_short, centrings)))


def _short(triplet: str) -> str:
    text = triplet.strip().strip("'\"").replace(" ", "")
    if len(text) > _LONGEST or not _TRIPLET.fullmatch(text):
        raise UnreadableError(f"'{triplet[:40]}' is not a symmetry operation such as -y,x-y,z+1/2")
    return text


@lru_cache(maxsize=64)
def _from_triplets(triplets: tuple[str, ...], centrings: tuple[str, ...]) -> Operations:
    listed = [_parse(triplet) for triplet in triplets]
    if centrings:
        shifts = [_parse(triplet) for triplet in centrings]
        listed = [shift.combine(operation) for shift in shifts for operation in listed]
    operations = _from_gemmi(listed)
    _refuse_no_group(operations)
    return operations


def _parse(triplet: str) -> gemmi.Op:
    try:
        operation = gemmi.Op(_FACTOR.sub(r"\1*", _SHIFT.sub(_as_fraction, triplet)))
    except (RuntimeError, ValueError) as error:
        raise UnreadableError(f"'{triplet}' is not a symmetry operation such as -y,x-y,z+1/2 ({error})") from None
    if abs(operation.det_rot()) != STEPS**3 or any(n % STEPS for row in operation.rot for n in row):
        raise UnreadableError(f"'{triplet}' is not a symmetry operation: it changes volumes")
    return operation


def _as_fraction(match: re.Match[str]) -> str:
    above, _, below = match[0].partition("/")
    try:
        value = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        raise UnreadableError(f"'{match[0]}' is not a number in a symmetry operation") from None
    steps = round(value * STEPS)
    if abs(value - steps / STEPS) > _NEAR:
        raise UnreadableError(f"a symmetry operation shifts by {match[0]}, which is no fraction that a space group has")
    return f"{steps}/{STEPS}"


def _from_gemmi(listed: Iterable[gemmi.Op]) -> Operations:
    """Distinct operations, the identity first (it is added if it is not listed)."""
    distinct = {"x,y,z": gemmi.Op("x,y,z")}
    for operation in listed:
        wrapped = operation.wrap()
        distinct.setdefault(wrapped.triplet(), wrapped)
    rotations = np.array([operation.rot for operation in distinct.values()], dtype=np.int64) // STEPS
    shifts = np.array([operation.tran for operation in distinct.values()], dtype=np.int64) % STEPS
    return Operations(rotations, shifts)


def _as_gemmi(operations: Operations) -> list[gemmi.Op]:
    made = []
    for rotation, shift in zip(operations.rotations.tolist(), operations.shifts.tolist(), strict=True):
        operation = gemmi.Op("x,y,z")
        operation.rot = [[n * STEPS for n in row] for row in rotation]
        operation.tran = shift
        made.append(operation)
    return made


def _encode(rotations: NDArray[np.int64], shifts: NDArray[np.int64]) -> NDArray[np.int64]:
    """(...) a whole number for each operation; -1 if an entry of the rotation is outside -3 to 3."""
    flat = rotations.reshape(*rotations.shape[:-2], 9)
    code = np.zeros(flat.shape[:-1], dtype=np.int64)
    for index in range(9):
        code = code * 7 + flat[..., index] + 3
    for index in range(3):
        code = code * STEPS + shifts[..., index] % STEPS
    return np.where((np.abs(flat) > 3).any(axis=-1), -1, code)


def _refuse_no_group(operations: Operations) -> None:
    """Products of operations are operations; if some are missing, the list was cut off or belongs to nothing."""
    known = np.sort(np.fromiter(operations.keys, dtype=np.int64))
    for rotation, shift in zip(operations.rotations, operations.shifts, strict=True):
        products = _encode(rotation @ operations.rotations, operations.shifts @ rotation.T + shift)
        if not np.isin(products, known, assume_unique=True).all():
            raise UnreadableError(
                f"the {len(operations)} listed symmetry operations are not a space group: some are missing or wrong"
            )
