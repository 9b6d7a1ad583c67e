"""Forces with the symmetry of their crystal, so that going downhill keeps it.

Rounding breaks the symmetry of forces. Where a crystal is unstable against a distortion, every step multiplies the
broken part, and after many steps the end depends on the last digits of the start. DFT codes keep the symmetry, too.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from screening.array_types import Floats
from screening.crystals.packed import PackedCrystals
from screening.potentials.state import CrystalState

Integers = NDArray[np.int64]

SYMMETRY_A = 5e-3
"""Distance within which atoms count as equivalent; crystals are often given with four digits."""


@dataclass(frozen=True)
class KeptSymmetry:
    """The symmetry operations of B crystals with N atoms, G operations in all; an atom has P images in all.

    Attributes:
        turn: Rotations of row vectors, (G, 3, 3).
        crystal: The crystal of each operation, (G,).
        operation: The operation of each image, (P,).
        atom: The atom of each image, (P,).
        image: The atom at its place, (P,).
        shares: One over the number of operations of each crystal, (B,).
        owner: The crystal of each atom, (N,).
    """

    turn: Tensor
    crystal: Tensor
    operation: Tensor
    atom: Tensor
    image: Tensor
    shares: Tensor
    owner: Tensor

    @classmethod
    def of(cls, state: CrystalState) -> KeptSymmetry:
        """Find the operations of crystals; one without a known symmetry has only the identity."""
        packed, device = state.packed(), state.lattice.device
        turns, images, atoms, counts = [], [], [], []
        for row in range(len(packed)):
            turn, image = _operations(packed, row)
            turns.append(turn)
            images.append(image.ravel() + packed.offsets[row])
            atoms.append(np.tile(np.arange(*packed.offsets[row : row + 2]), len(turn)))
            counts.append(len(turn))
        number = torch.as_tensor(counts, device=device)
        crystal = torch.repeat_interleave(torch.arange(len(counts), device=device), number)
        operation = torch.repeat_interleave(torch.arange(len(crystal), device=device), state.n_atoms[crystal])
        joined = [torch.as_tensor(np.concatenate(part), device=device) for part in (turns, atoms, images)]
        return cls(joined[0], crystal, operation, joined[1], joined[2], 1.0 / number.double(), state.owner)

    def vectors(self, values: Tensor) -> Tensor:
        """The part of vectors on the atoms, (N, 3), that has the symmetry."""
        turned = torch.einsum("pi,pij->pj", values[self.atom], self.turn[self.operation].to(values.dtype))
        return (
            torch.zeros_like(values).index_add_(0, self.image, turned) * self.shares.to(values.dtype)[self.owner, None]
        )

    def tensors(self, values: Tensor) -> Tensor:
        """The part of tensors of the crystals, (B, 3, 3), that has the symmetry."""
        turn = self.turn.to(values.dtype)
        turned = turn.transpose(1, 2) @ values[self.crystal] @ turn
        return (
            torch.zeros_like(values).index_add_(0, self.crystal, turned) * self.shares.to(values.dtype)[:, None, None]
        )


def _operations(packed: PackedCrystals, row: int) -> tuple[Floats, Integers]:
    """Rotations of row vectors, (g, 3, 3), and the atom at the image of each of n atoms, (g, n)."""
    lattice, own = packed.lattice[row], packed.atoms(row)
    numbers, frac = packed.numbers[own], packed.frac[own]
    places = np.arange(len(numbers))
    inverse = np.linalg.inv(lattice)
    turns, images = [], []
    for rotation, translation in _found(lattice, numbers.tolist(), frac):
        apart = (frac @ rotation.T + translation)[:, None] - frac
        apart -= np.rint(apart)
        distance = np.linalg.norm(apart @ lattice, axis=2)
        distance[numbers[:, None] != numbers] = np.inf
        images.append(distance.argmin(axis=1))
        turns.append(inverse @ rotation.T @ lattice)
    if not turns or (np.sort(images, axis=1) != places).any():
        return np.eye(3)[None], places[None]
    return np.stack(turns), np.stack(images)


def _found(lattice: Floats, numbers: list[int], frac: Floats) -> Iterator[tuple[NDArray[np.int32], Floats]]:
    """Rotations and translations in fractional coordinates."""
    import spglib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = spglib.get_symmetry((lattice.tolist(), frac.tolist(), numbers), symprec=SYMMETRY_A)
        except spglib.SpglibError:
            found = None
    return iter(()) if found is None else zip(found["rotations"], found["translations"], strict=True)
