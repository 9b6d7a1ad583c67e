"""Which redox couples work between two contents of an ion: metals give electrons in the order of their potentials.

`datasets/measured/redox_order.csv` lists the steps of each metal with a potential that serves only to order them; the
README beside it has the sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.materials.electrodes.end_members.redox import frame_charge
from screening.resources import resource

_MOVED = 1e-6


@dataclass(frozen=True)
class RedoxSteps:
    """K single-electron steps in the order in which they are taken on charge.

    Attributes:
        numbers: Atomic number of the metal, (K,).
        names: `Fe3+/Fe2+`, K of them.
        lowest: State before the first step by element, (119,).
        order_V: Potentials that order them, in oxides and similar frames and beside polyanions, (2, K).
    """

    numbers: NDArray[np.int64]
    names: tuple[str, ...]
    lowest: Floats
    order_V: Floats


@lru_cache(maxsize=1)
def redox_steps() -> RedoxSteps:
    """The steps in `datasets/measured/redox_order.csv`."""
    table = pl.read_csv(resource("datasets") / "measured" / "redox_order.csv").sort("order_V")
    names = [f"{e}{high}+/{e}{low or ''}{'+' if low else ''}" for e, low, high, *_ in table.iter_rows()]
    lowest = np.zeros(len(SYMBOLS))
    for element, low, *_ in reversed(table.rows()):
        lowest[ATOMIC_NUMBERS[element]] = low
    numbers = np.array([ATOMIC_NUMBERS[element] for element in table["element"]], dtype=np.int64)
    order = table.select("order_V", "order_polyanion_V").to_numpy().T
    return RedoxSteps(numbers, tuple(names), lowest, np.ascontiguousarray(order))


def working_steps(discharged: Floats, charged: Floats, polyanionic: Mask) -> Floats:
    """The share of the moved electrons that each step gives, (B, K); rows of zeros where none is known.

    Args:
        discharged: Atoms of each element, (B, 119).
        charged: The same frame with less of the ion, for as many atoms of the frame, (B, 119).
        polyanionic: Whether the frame has polyanions, (B,).
    """
    steps = redox_steps()
    moved = np.zeros((len(discharged), len(steps.numbers)))
    for order, rows in zip(steps.order_V, (~polyanionic, polyanionic), strict=True):
        taken = np.argsort(order, kind="stable")
        metals = discharged[np.ix_(rows, steps.numbers[taken])]
        before = np.cumsum(metals, axis=1) - metals
        # the charge of the metals is what the rest of the crystal lacks
        given = [-frame_charge(counts[rows]) - discharged[rows] @ steps.lowest for counts in (discharged, charged)]
        first, last = (np.clip(electrons[:, None] - before, 0.0, metals) for electrons in given)
        moved[np.ix_(rows, taken)] = np.maximum(last - first, 0.0)
    total = moved.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(moved, total, out=np.zeros_like(moved), where=total > _MOVED))
