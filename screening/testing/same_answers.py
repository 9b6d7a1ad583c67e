"""Whether two tables give the same answers: numbers within a thousandth of their intervals, everything else equal."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.crystals import Crystal
from screening.materials.predictors import Predictors
from screening.testing.contract import require

_SHARE = 1e-3
"""Of the interval; without one, of the value."""
_LEAST = 0.1
"""Values without an interval that are smaller than this are compared to it."""


def check_same_answers(expected: pl.DataFrame, found: pl.DataFrame, what: str) -> None:
    """Check that two tables of B rows are the same, row by row.

    Args:
        expected: One table.
        found: The other one.
        what: Says in the message how they came about.

    Raises:
        ContractError: A column differs.
    """
    require(expected.schema == found.schema, f"{what}: the columns are the same")
    for name, kind in expected.schema.items():
        before, after = expected[name], found[name]
        if not kind.is_float():
            require(before.equals(after), f"{what}: {name} stays {before.to_list()}, got {after.to_list()}")
            continue
        require(before.is_null().equals(after.is_null()), f"{what}: {name} is null in the same rows")
        value, other = (part.to_numpy() for part in (before, after))
        allowed = np.fmax(_SHARE * _width(expected, name), 1e-9)
        wrong = np.flatnonzero(np.abs(value - other) > allowed)
        require(not len(wrong), f"{what}: {name} stays {value[wrong].tolist()}, got {other[wrong].tolist()}")


def learned_columns(predictors: Predictors, crystals: Sequence[Crystal]) -> pl.DataFrame:
    """The columns of the learned predictors for B crystals."""
    nothing = pl.DataFrame({"flags": [""] * len(crystals)})
    return predictors.describe(list(crystals), nothing, lambda _: nullcontext()).table


def _width(table: pl.DataFrame, name: str) -> Floats:
    root = name.removesuffix("_lo").removesuffix("_hi")
    size = np.fmax(np.abs(table[name].to_numpy()), _LEAST)
    if f"{root}_lo" not in table.columns:
        return size
    width = (table[f"{root}_hi"] - table[f"{root}_lo"]).to_numpy()
    return np.where(width > 0, width, size)
