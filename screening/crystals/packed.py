"""Many crystals in a few flat arrays, without an object for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.elements import N_ELEMENTS
from screening.crystals.crystal import Crystal


@dataclass(frozen=True)
class PackedCrystals:
    """B crystals with N atoms in total.

    Attributes:
        lattice: (B, 3, 3) row vectors in Å.
        numbers: (N,) atomic numbers.
        frac: (N, 3) fractional coordinates.
        offsets: (B + 1,); the atoms of crystal b are `offsets[b]:offsets[b + 1]`.
    """

    lattice: NDArray[np.float64]
    numbers: NDArray[np.int16]
    frac: NDArray[np.float64]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def n_atoms(self) -> NDArray[np.int64]:
        """(B,) atoms of each crystal."""
        return np.diff(self.offsets)

    @property
    def volume_A3(self) -> NDArray[np.float64]:
        """(B,) cell volumes in Å³."""
        return np.asarray(np.abs(np.linalg.det(self.lattice)))

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """(N,) index of the crystal that each atom belongs to."""
        return np.repeat(np.arange(len(self)), self.n_atoms)

    def element_counts(self) -> Floats:
        """(B, 119) atoms of each element in each cell; the column is the atomic number, column 0 is unused."""
        flat = np.bincount(self.owner * N_ELEMENTS + self.numbers, minlength=len(self) * N_ELEMENTS)
        return flat.reshape(len(self), N_ELEMENTS).astype(np.float64)

    def atoms(self, index: int) -> slice:
        """Rows of `numbers` and `frac` that belong to a crystal."""
        return slice(int(self.offsets[index]), int(self.offsets[index + 1]))

    def take(self, rows: NDArray[np.int64]) -> PackedCrystals:
        """A copy of the crystals in these rows."""
        sizes = self.n_atoms[rows]
        offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
        atoms = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1][rows] - offsets[:-1], sizes)
        return PackedCrystals(self.lattice[rows], self.numbers[atoms], self.frac[atoms], offsets)

    def keep_atoms(self, keep: NDArray[np.bool_]) -> PackedCrystals:
        """The same cells with only some of their atoms, by a mask (N,)."""
        sizes = np.bincount(self.owner[keep], minlength=len(self))
        offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
        return PackedCrystals(self.lattice, self.numbers[keep], self.frac[keep], offsets)

    def chunk(self, start: int, stop: int) -> PackedCrystals:
        """Crystals `start` to `stop` (exclusive) as views."""
        first, last = int(self.offsets[start]), int(self.offsets[stop])
        return PackedCrystals(
            self.lattice[start:stop],
            self.numbers[first:last],
            self.frac[first:last],
            self.offsets[start : stop + 1] - first,
        )


def pack(crystals: Sequence[Crystal]) -> PackedCrystals:
    """Concatenate crystals into flat arrays."""
    sizes = np.fromiter((c.n_atoms for c in crystals), dtype=np.int64, count=len(crystals))
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    if not crystals:
        return PackedCrystals(np.zeros((0, 3, 3)), np.zeros(0, np.int16), np.zeros((0, 3)), offsets)
    return PackedCrystals(
        np.stack([c.lattice for c in crystals]),
        np.concatenate([c.numbers for c in crystals]),
        np.concatenate([c.frac for c in crystals]),
        offsets,
    )
