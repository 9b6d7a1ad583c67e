"""Electrodes charged only as far as is practical: average voltage, volume change and stability of that state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.materials.electrodes.end_members.insertion import enlarged
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.voltage.couples import Couples, without_ions

MOST_ATOMS = 40
"""Cells are enlarged up to this size, so that the state holds a whole number of ions."""
_MOST_CELLS = 3
_WORTH_ENLARGING = 0.05
"""Ions per cell by which the nearest state must come closer before a larger cell is used."""
_WHOLE = 1e-6


@dataclass(frozen=True)
class PredictedVoltages:
    """Predictions for B electrodes, each with its interval.

    Attributes:
        voltage: In V, (B, 3).
        volume: Volume change in percent, (B, 3).
        hull: Energies above the hull of the discharged and of the charged end in eV/atom, (B, 6).
    """

    voltage: Floats
    volume: Floats
    hull: Floats

    def take(self, rows: NDArray[np.int64]) -> PredictedVoltages:
        """Some of the electrodes."""
        return PredictedVoltages(self.voltage[rows], self.volume[rows], self.hull[rows])


def over_practical_range(
    pairs: Sequence[ElectrodePair],
    couples: Couples,
    whole: PredictedVoltages,
    predict: Callable[[Couples], PredictedVoltages] | None,
) -> PredictedVoltages:
    """Predictions from the discharged end to the state in which the practical number of ions has left.

    The ions that stay are as far apart as possible. If the limit is between two whole numbers of ions in the (enlarged)
    cell, both phases coexist: charge times voltage, volume and energy above the hull are interpolated linearly.

    Args:
        pairs: B electrodes.
        couples: Their ends as arrays, moved near a minimum of the potential.
        whole: Predictions over their whole ranges.
        predict: Predictions for discharged crystals and their partly charged states; None leaves voltages of part of a
            range unknown.

    Returns:
        Voltages are NaN where the practical number of ions is 0 or unknown; the other figures are then those of the
        whole range.
    """
    removed = np.array([pair.n_ions_removed for pair in pairs])
    limit = np.array([pair.n_ions_practical for pair in pairs])
    voltage = np.where((limit >= removed - _WHOLE)[:, None], whole.voltage, np.nan)
    volume, hull = whole.volume.copy(), whole.hull.copy()
    part = np.flatnonzero((limit > _WHOLE) & (limit < removed - _WHOLE))
    if len(part) and predict is not None:
        found = _of_states(couples.take(part), limit[part], removed[part], whole.take(part), predict)
        voltage[part], volume[part], hull[part] = found.voltage, found.volume, found.hull
    return PredictedVoltages(voltage, volume, hull)


def _of_states(
    couples: Couples,
    limit: Floats,
    removed: Floats,
    whole: PredictedVoltages,
    predict: Callable[[Couples], PredictedVoltages],
) -> PredictedVoltages:
    """Predictions for electrodes of which only a part leaves; `limit` and `removed` are ions per cell, (B,)."""
    cells = _cells(limit, couples.discharged.n_atoms)
    limit, removed = limit * cells, removed * cells
    low, high = np.floor(limit + _WHOLE), np.minimum(np.ceil(limit - _WHOLE), removed)
    between = high > low + _WHOLE  # otherwise both are the same state, which is evaluated once
    discharged = _enlarged(couples.discharged, cells)
    couples = Couples(discharged, discharged, couples.ions, couples.charges)
    twice = np.tile(couples.rows, 2)  # one batch fills all cores
    ions = np.concatenate([low, np.where(between, high, 0.0)])
    both = _state(couples.take(twice), ions, removed[twice], whole.take(twice), predict)
    first, second = both.take(couples.rows), both.take(couples.rows + len(couples))
    share = np.where(between, (limit - low) / np.where(between, high - low, 1.0), 0.0)[:, None]

    def mixed(a: Floats, b: Floats) -> Floats:
        # values with no share may be unknown
        return np.where(share < 1, (1 - share) * a, 0.0) + np.where(share > 0, share * b, 0.0)

    voltage = mixed(low[:, None] * first.voltage, high[:, None] * second.voltage) / limit[:, None]
    hull = np.hstack([whole.hull[:, :3], mixed(first.hull[:, 3:], second.hull[:, 3:])])
    return PredictedVoltages(voltage, mixed(first.volume, second.volume), hull)


def _state(
    couples: Couples,
    ions: Floats,
    removed: Floats,
    whole: PredictedVoltages,
    predict: Callable[[Couples], PredictedVoltages],
) -> PredictedVoltages:
    """Predictions after the loss of `ions` per cell, (B,): none, some, or all that are `removed`."""
    none = (ions < _WHOLE)[:, None]
    discharged = np.hstack([whole.hull[:, :3]] * 2)
    voltage, volume = np.where(none, 0.0, whole.voltage), np.where(none, 0.0, whole.volume)
    hull = np.where(none, discharged, whole.hull)
    rows = np.flatnonzero((ions > _WHOLE) & (ions < removed - _WHOLE))
    if len(rows):
        own = couples.take(rows)
        owner = own.discharged.owner
        held = np.bincount(owner, own.discharged.numbers == own.ions[owner], len(own))
        charged = without_ions(own.discharged, own.ions, np.rint(held - ions[rows]).astype(np.int64))
        found = predict(Couples(own.discharged, charged, own.ions, own.charges))
        voltage[rows], volume[rows], hull[rows] = found.voltage, found.volume, found.hull
    return PredictedVoltages(voltage, volume, hull)


def _cells(limit: Floats, n_atoms: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cells per enlarged cell: the fewest whose whole number of ions is near the limit, (B,)."""
    times = np.arange(1, _MOST_CELLS + 1)
    off = np.abs(limit[:, None] * times - np.maximum(np.rint(limit[:, None] * times), 1.0)) / times
    off[(times > 1) & (n_atoms[:, None] * times > MOST_ATOMS)] = np.inf
    near = off <= off.min(axis=1, keepdims=True) + _WORTH_ENLARGING
    return np.asarray(times[near.argmax(axis=1)])


def _enlarged(packed: PackedCrystals, cells: NDArray[np.int64]) -> PackedCrystals:
    if (cells == 1).all():
        return packed
    crystals = []
    for row, times in enumerate(cells.tolist()):
        atoms = packed.atoms(row)
        crystals.append(enlarged(Crystal("", packed.lattice[row], packed.numbers[atoms], packed.frac[atoms]), times))
    return pack(crystals)
