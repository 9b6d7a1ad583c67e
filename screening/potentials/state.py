"""Many crystals as tensors on a device: what a potential evaluates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from screening.crystals.packed import PackedCrystals


@dataclass(frozen=True)
class CrystalState:
    """B crystals with N atoms in all; the fields are those of `PackedCrystals`.

    Attributes:
        lattice: (B, 3, 3) float64 row vectors in Å.
        numbers: (N,) int64 atomic numbers.
        frac: (N, 3) float64 fractional coordinates.
        offsets: (B + 1,) int64, the first atom row of each crystal and the end of the last.
    """

    lattice: Tensor
    numbers: Tensor
    frac: Tensor
    offsets: Tensor

    @classmethod
    def of(cls, packed: PackedCrystals, device: torch.device) -> CrystalState:
        """Move packed crystals to a device."""
        return cls(
            torch.as_tensor(packed.lattice, dtype=torch.float64, device=device),
            torch.as_tensor(packed.numbers, dtype=torch.int64, device=device),
            torch.as_tensor(packed.frac, dtype=torch.float64, device=device),
            torch.as_tensor(packed.offsets, dtype=torch.int64, device=device),
        )

    @classmethod
    def cat(cls, states: Sequence[CrystalState]) -> CrystalState:
        """One batch after another."""
        sizes = torch.cat([state.n_atoms for state in states])
        offsets = torch.cat([sizes.new_zeros(1), torch.cumsum(sizes, 0)])
        lattice, numbers, frac = (
            torch.cat([getattr(state, name) for state in states]) for name in ("lattice", "numbers", "frac")
        )
        return cls(lattice, numbers, frac, offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def n_atoms(self) -> Tensor:
        """(B,) atoms of each crystal."""
        return self.offsets.diff()

    @cached_property
    def owner(self) -> Tensor:
        """(N,) the crystal of each atom."""
        return torch.repeat_interleave(torch.arange(len(self), device=self.offsets.device), self.n_atoms)

    @cached_property
    def volume_A3(self) -> Tensor:
        """(B,) cell volumes."""
        return torch.linalg.det(self.lattice).abs()

    def packed(self) -> PackedCrystals:
        """The same as numpy arrays; on a CPU lattice and positions are not copied."""
        return PackedCrystals(
            self.lattice.cpu().numpy(),
            self.numbers.to(torch.int16).cpu().numpy(),
            self.frac.cpu().numpy(),
            self.offsets.cpu().numpy(),
        )

    def atoms_of(self, rows: Tensor) -> Tensor:
        """The atom rows of some crystals, in their order."""
        sizes = self.n_atoms[rows]
        ends = torch.cumsum(sizes, 0)
        shift = torch.repeat_interleave(self.offsets[:-1][rows] - (ends - sizes), sizes)
        return torch.arange(len(shift), device=shift.device) + shift

    def take(self, rows: Tensor) -> CrystalState:
        """The crystals of these rows, copied together."""
        atoms = self.atoms_of(rows)
        ends = torch.cumsum(self.n_atoms[rows], 0)
        offsets = torch.cat([ends.new_zeros(1), ends])
        return CrystalState(self.lattice[rows], self.numbers[atoms], self.frac[atoms], offsets)
