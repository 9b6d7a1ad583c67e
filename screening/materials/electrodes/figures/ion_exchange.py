"""Crystals that are made only from another one whose ion is exchanged, which costs a second synthesis.

There is no rule for this in composition and energy: the direct product has the same formula in another structure. So
`datasets/electrodes/ion_exchange.csv` lists what the literature reports, by formula and space group.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import count_matrix
from screening.resources import resource


@dataclass(frozen=True)
class _Known:
    fractions: Floats
    space_groups: frozenset[int]
    without_flag: str


def exchange_possible(counts: Floats) -> Mask:
    """Rows whose composition is in the list, (B,), from atoms of each element, (B, 119)."""
    fractions = _fractions(counts)
    same = [np.abs(fractions - known.fractions).max(axis=1) < _SAME for known in _known()]
    return np.asarray(np.any(same, axis=0))


def made_by_ion_exchange(counts: Floats, table: pl.DataFrame) -> Mask:
    """Rows that are in the list, (B,).

    Args:
        counts: Atoms of each element, (B, 119).
        table: With `space_group_number` and `flags`; without these columns nothing is known.
    """
    found = np.zeros(len(counts), dtype=np.bool_)
    if not {"space_group_number", "flags"} <= set(table.columns):
        return found
    groups, flags = table["space_group_number"].to_list(), table["flags"].fill_null("").to_list()
    fractions = _fractions(counts)
    for known in _known():
        for row in np.flatnonzero(np.abs(fractions - known.fractions).max(axis=1) < _SAME):
            other = known.without_flag in flags[row].split(";") if known.without_flag else False
            found[row] |= groups[row] in known.space_groups and not other
    return found


_SAME = 1e-3


def _fractions(counts: Floats) -> Floats:
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0))


@lru_cache(maxsize=1)
def _known() -> tuple[_Known, ...]:
    file = resource("datasets") / "electrodes" / "ion_exchange.csv"
    table = pl.read_csv(file, schema_overrides={"space_groups": pl.String, "without_flag": pl.String})
    fractions = _fractions(count_matrix(table["formula"].to_list()))
    return tuple(
        _Known(own, frozenset(map(int, row["space_groups"].split(";"))), row["without_flag"] or "")
        for row, own in zip(table.iter_rows(named=True), fractions, strict=True)
    )
