"""Calculated insertion electrodes as training data: both crystals of each, and the average voltage between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import chemical_system, formula_counts
from screening.chemistry.constants import FARADAY_MAH_PER_MOL
from screening.chemistry.elements import ATOMIC_NUMBERS, atomic_masses
from screening.crystals.crystal import Crystal
from screening.crystals.packed import pack
from screening.data.raw_tables import json_rows
from screening.errors import RequestError
from screening.materials.electrodes.voltage.couples import Couples, balance_of, same_frames
from screening.materials.electrodes.working_ions import CHARGES

FILE = "electrodes.jsonl.gz"
_SAME, _SAME_FRACTION = 0.01, 1e-4
_SMALLEST_WH_PER_KG = 0.5  # rounding of specific energies near 0 V
_VOLTAGES_V = (-1.0, 6.5)  # outside this range the calculation ended in another crystal


@dataclass(frozen=True)
class ElectrodeExamples:
    """R calculated electrodes.

    Attributes:
        couples: Both ends.
        voltage_V: Average voltage between them, (R,).
        systems: Chemical system of the discharged end, (R,).
        dropped: Number of rows left out, by reason.
    """

    couples: Couples
    voltage_V: Floats
    systems: NDArray[np.str_]
    dropped: dict[str, int]

    def __len__(self) -> int:
        return len(self.voltage_V)

    def take(self, rows: NDArray[np.int64]) -> ElectrodeExamples:
        """Some of the rows."""
        return ElectrodeExamples(self.couples.take(rows), self.voltage_V[rows], self.systems[rows], self.dropped)


def electrode_examples(folder: Path, excluded: Sequence[str] = ()) -> ElectrodeExamples:
    """Examples from `electrodes.jsonl.gz` in a folder.

    Left out are ends whose frames differ, and rows whose voltage is not that between their two crystals: the crystals
    do not give the stated capacity, or voltage times capacity is not the stated energy.

    Args:
        folder: Of the table.
        excluded: Formulas of compounds; rows with one of them at either end are left out.

    Raises:
        RequestError: The file is missing or cannot be read.
    """
    dropped: Counter[str] = Counter()
    rows = []
    for row in json_rows(folder / FILE):
        if row.get("working_ion") in CHARGES:
            rows.append(row)
        else:
            dropped["another working ion"] += 1
    if not rows:
        raise RequestError(f"{folder / FILE}: no electrode with a working ion among {', '.join(CHARGES)}")
    couples = _couples(rows, folder / FILE)
    voltage = _numbers(rows, "average_voltage")
    kept = np.ones(len(rows), dtype=bool)
    for reason, wrong in _problems(couples, rows, voltage, excluded).items():
        dropped[reason] += int((kept & wrong).sum())
        kept &= ~wrong
    own = np.flatnonzero(kept)
    couples = couples.take(own)
    systems = np.array([chemical_system(counts) for counts in balance_of(couples).discharged], dtype=np.str_)
    return ElectrodeExamples(couples, voltage[own], systems, {k: n for k, n in dropped.items() if n})


def _couples(rows: list[dict[str, Any]], file: Path) -> Couples:
    try:
        discharged = pack([_crystal(row["discharge_structure"]) for row in rows])
        charged = pack([_crystal(row["charge_structure"]) for row in rows])
    except (KeyError, TypeError, ValueError) as error:
        raise RequestError(f"{file}: expected lattice, species and frac of both ends in each row ({error!r})") from None
    ions = np.array([ATOMIC_NUMBERS[row["working_ion"]] for row in rows], dtype=np.int64)
    return Couples(discharged, charged, ions, np.array([CHARGES[row["working_ion"]] for row in rows], dtype=np.float64))


def _numbers(rows: list[dict[str, Any]], name: str) -> Floats:
    """One value of each row, (R,); NaN where it is no number."""
    values = [row.get(name) for row in rows]
    return np.array([float(value) if isinstance(value, int | float) else np.nan for value in values])


def _crystal(row: dict[str, Any]) -> Crystal:
    return Crystal.from_arrays("", row["lattice"], [ATOMIC_NUMBERS[s] for s in row["species"]], row["frac"])


def _problems(
    couples: Couples, rows: list[dict[str, Any]], voltage: Floats, excluded: Sequence[str]
) -> dict[str, Mask]:
    """Reason -> the rows that it applies to, (R,)."""
    balance = balance_of(couples)
    masses = balance.discharged @ atomic_masses()
    electrons = balance.moved * balance.frame.sum(axis=1) * couples.charges
    with np.errstate(invalid="ignore"):
        capacity = FARADAY_MAH_PER_MOL * electrons / masses
        stated, energy = _numbers(rows, "capacity_grav"), _numbers(rows, "energy_grav")
        same = np.abs(capacity - stated) <= _SAME * stated
        same &= np.abs(voltage * stated - energy) <= _SAME * np.abs(energy) + _SMALLEST_WH_PER_KG
        low, high = _VOLTAGES_V
        return {
            "an excluded compound": _has_one_of(excluded, couples),
            "the frames of the two ends differ": ~same_frames(balance),
            f"a voltage outside {low} to {high} V": ~((voltage >= low) & (voltage <= high)),
            "the voltage is that of another range": ~same,
        }


def _has_one_of(formulas: Sequence[str], couples: Couples) -> Mask:
    """Whether either end has one of these compositions, (B,)."""
    others = _fractions(formula_counts(formulas))
    ends = [_fractions(packed.element_counts()) for packed in (couples.discharged, couples.charged)]
    found = np.zeros(len(couples), dtype=bool)
    for other in others:
        for end in ends:
            found |= np.abs(end - other).max(axis=1) < _SAME_FRACTION
    return found


def _fractions(counts: Floats) -> Floats:
    return counts / counts.sum(axis=1, keepdims=True)
