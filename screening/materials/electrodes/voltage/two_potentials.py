"""Where the potential that relaxes and the one that gives energies contradict each other, intervals say so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from screening.array_types import Floats
from screening.materials.electrodes.voltage.couples import Balance, Couples
from screening.materials.electrodes.voltage.ends import Ends, potential_voltages

_USUAL_V = 0.6
"""Uncorrected voltages of CHGNet and SevenNet are nearer to each other for 99 of 100 calculated electrodes."""


def widened(voltage: Floats, couples: Couples, balance: Balance, ends: Ends, start: Floats, metals: Floats) -> Floats:
    """Voltages whose intervals are as wide as the potentials are unusually far apart, in V, (B, 3).

    One of them has left what it knows then, and no learned interval can tell.

    Args:
        voltage: With learned intervals, (B, 3).
        couples: B electrodes.
        balance: `balance_of(couples)`.
        ends: Evaluated by both potentials.
        start: Uncorrected voltages by the one that gives energies, (B,).
        metals: Energies of the pure metals by the other one in eV/atom, (119,).
    """
    first = Ends(*(replace(end, single_point_eV=None) for end in (ends.discharged, ends.charged)))
    apart = np.abs(start - potential_voltages(couples, balance, first, metals))
    beyond = np.maximum(np.nan_to_num(apart) - _USUAL_V, 0.0)
    value, low, high = voltage.T
    return np.stack([value, np.minimum(low, value - beyond), np.maximum(high, value + beyond)], axis=1)
