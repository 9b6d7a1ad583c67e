"""Arrays of electrodes: the same frame with more and with less of its working ion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.packed import PackedCrystals, pack
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.working_ions import CHARGES

_NEAREST_A = 1.0  # the repulsion of ions is constant below this distance
_WORTH_EXCHANGING = 1e-6  # 1/Å²
_IMAGES = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float64)


@dataclass(frozen=True)
class Couples:
    """B pairs of crystals, whose cells may differ in size.

    Attributes:
        discharged: The crystals with more of the ion.
        charged: The crystals with less of it.
        ions: Atomic number of the working ion, (B,).
        charges: Its charge in elementary charges, (B,).
    """

    discharged: PackedCrystals
    charged: PackedCrystals
    ions: NDArray[np.int64]
    charges: Floats

    def __len__(self) -> int:
        return len(self.ions)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The index of each pair, (B,)."""
        return np.arange(len(self))

    def take(self, rows: NDArray[np.int64]) -> Couples:
        """Some of the pairs."""
        return Couples(self.discharged.take(rows), self.charged.take(rows), self.ions[rows], self.charges[rows])


def couples_of(pairs: Sequence[ElectrodePair]) -> Couples:
    """The ends of electrodes as arrays."""
    discharged = pack([pair.discharged for pair in pairs])
    ions: NDArray[np.int64] = np.array([ATOMIC_NUMBERS[pair.working_ion] for pair in pairs], dtype=np.int64)
    charges = np.array([CHARGES[pair.working_ion] for pair in pairs], dtype=np.float64)
    return Couples(discharged, pack([pair.charged for pair in pairs]), ions, charges)


@dataclass(frozen=True)
class Balance:
    """The atoms, ions and volumes of B pairs.

    Attributes:
        discharged: Atoms of each element in the discharged cell, (B, 119).
        frame: The same without the ion, (B, 119).
        frame_charged: Atoms of the charged cell without the ion, (B, 119).
        ions_discharged: Ions per atom of the frame, (B,).
        ions_charged: Ions per atom of the frame, (B,).
        volume_discharged_A3: Volume per atom of the frame, (B,).
        volume_charged_A3: Volume per atom of the frame, (B,).
    """

    discharged: Floats
    frame: Floats
    frame_charged: Floats
    ions_discharged: Floats
    ions_charged: Floats
    volume_discharged_A3: Floats
    volume_charged_A3: Floats

    @property
    def moved(self) -> Floats:
        """Ions that leave on charge, per atom of the frame, (B,)."""
        return self.ions_discharged - self.ions_charged

    @property
    def volume_change(self) -> Floats:
        """(charged - discharged) / discharged, (B,)."""
        return self.volume_charged_A3 / self.volume_discharged_A3 - 1.0


def balance_of(couples: Couples) -> Balance:
    """Compare the ends of pairs; NaN where an end contains only the ion."""
    discharged, charged = couples.discharged.element_counts(), couples.charged.element_counts()
    rows, ions = couples.rows, couples.ions
    frames = []
    for counts in (discharged, charged):
        frame = counts.copy()
        frame[rows, ions] = 0.0
        frames.append(frame)
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = [np.where(frame.sum(axis=1) > 0, frame.sum(axis=1), np.nan) for frame in frames]
        return Balance(
            discharged,
            frames[0],
            frames[1],
            discharged[rows, ions] / sizes[0],
            charged[rows, ions] / sizes[1],
            couples.discharged.volume_A3 / sizes[0],
            couples.charged.volume_A3 / sizes[1],
        )


def same_frames(balance: Balance, tolerance: float = 1e-3) -> Mask:
    """Whether both ends have the same frame and the discharged end has more of the ion, (B,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        frames = (balance.frame, balance.frame_charged)
        fractions = [frame / frame.sum(axis=1, keepdims=True) for frame in frames]
    alike = np.nan_to_num(np.abs(fractions[0] - fractions[1]).max(axis=1), nan=1.0) < tolerance
    return np.asarray(alike & (np.nan_to_num(balance.moved, nan=0.0) > tolerance * 1e-3))


def without_ions(packed: PackedCrystals, ions: NDArray[np.int64], left: NDArray[np.int64]) -> PackedCrystals:
    """Charge crystals topotactically: the same unrelaxed cells with only some of their ions.

    The ions that stay are far apart, by the sum of 1/d² over the nearest images. Among equivalent ions the last one in
    the cell is removed, so a partial removal can depend on their order.

    Args:
        packed: B discharged crystals.
        ions: Atomic number of the working ion, (B,).
        left: Number of ions that stay, (B,).
    """
    keep = packed.numbers != np.repeat(ions, packed.n_atoms)
    for row in np.flatnonzero(left > 0):
        own = np.arange(packed.offsets[row], packed.offsets[row + 1])
        own = own[packed.numbers[own] == ions[row]]
        keep[own[_far_apart(packed.frac[own], packed.lattice[row], int(left[row]))]] = True
    return packed.keep_atoms(keep)


def _far_apart(frac: Floats, lattice: Floats, left: int) -> NDArray[np.int64]:
    """Choose `left` of n sites: remove the most crowded one by one, then exchange pairs while this lowers the sum."""
    steps = frac[:, None] - frac[None, :]
    steps -= np.round(steps)
    vectors = (steps[:, :, None, :] + _IMAGES) @ lattice
    repulsion = 1.0 / np.maximum(np.square(vectors).sum(axis=-1).min(axis=2), _NEAREST_A**2)
    np.fill_diagonal(repulsion, 0.0)
    kept = np.ones(len(frac), dtype=bool)
    total = repulsion.sum(axis=1)
    for _ in range(len(frac) - left):
        crowded = np.where(kept, np.round(total, 6), -1.0)
        last = len(frac) - 1 - int(np.argmax(crowded[::-1]))
        kept[last] = False
        total -= repulsion[last]
    for _ in range(len(frac)):
        inside, outside = np.flatnonzero(kept), np.flatnonzero(~kept)
        if not len(inside) or not len(outside):
            break
        change = total[outside][None, :] - repulsion[np.ix_(inside, outside)] - total[inside][:, None]
        best = np.unravel_index(int(np.argmin(np.round(change, 6))), change.shape)
        if change[best] > -_WORTH_EXCHANGING:
            break
        removed, added = inside[best[0]], outside[best[1]]
        kept[removed], kept[added] = False, True
        total += repulsion[added] - repulsion[removed]
    return np.flatnonzero(kept)


def with_moved_hosts(filled: PackedCrystals, hosts: PackedCrystals, nearer: PackedCrystals) -> PackedCrystals:
    """Move the host atoms of filled hosts in the same way as those of the empty hosts.

    Args:
        filled: Hosts whose own atoms come first, followed by ions.
        hosts: The empty hosts.
        nearer: The empty hosts after they were moved.
    """
    lattice, frac = filled.lattice.copy(), filled.frac.copy()
    for row in range(len(filled)):
        own, host = filled.atoms(row), hosts.atoms(row)
        same = slice(own.start, own.start + host.stop - host.start)
        if np.array_equal(filled.numbers[same], hosts.numbers[host]) and np.array_equal(frac[same], hosts.frac[host]):
            lattice[row], frac[same] = nearer.lattice[row], nearer.frac[host]
    return PackedCrystals(lattice, filled.numbers, frac, filled.offsets)
