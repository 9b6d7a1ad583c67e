"""Between polars tables and numpy arrays: nulls are NaN inside, flags are text outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.errors import RequestError

FEATURE_DECIMALS = 4
"""Descriptors of positions are rounded to these: last digits must not decide at a tree's threshold,
which often lies among such digits (a spread of 1e-8 Å between equivalent atoms)."""


def require_columns(table: pl.DataFrame, names: Iterable[str]) -> None:
    """Check that a table has all of these columns.

    Raises:
        RequestError: A column is missing; the message names the first one.
    """
    for name in names:
        if name not in table.columns:
            raise RequestError(f"the table of predictions has no column {name!r}; it has {', '.join(table.columns)}")


def floats(table: pl.DataFrame, name: str) -> Floats:
    """A column as float64, (B,); nulls and missing columns become NaN.

    Raises:
        RequestError: The column does not hold numbers.
    """
    if name not in table.columns:
        return np.full(table.height, np.nan)
    try:
        return np.array(table[name].cast(pl.Float64).to_numpy(), dtype=np.float64)
    except pl.exceptions.InvalidOperationError as error:
        raise RequestError(f"column {name!r}: expected numbers, got {table.schema[name]}") from error


def number_column(name: str, values: Floats) -> pl.Series:
    """A column of numbers; NaN becomes null."""
    return pl.Series(name, np.asarray(values, dtype=np.float64)).fill_nan(None)


def names_with_interval(name: str) -> tuple[str, str, str]:
    """The columns of a quantity and of its 80 % interval."""
    return name, f"{name}_lo", f"{name}_hi"


def interval_columns(name: str, values: Floats) -> list[pl.Series]:
    """The columns `names_with_interval` of values with both ends of their intervals, (B, 3); NaN becomes null."""
    return [number_column(column, values[:, i]) for i, column in enumerate(names_with_interval(name))]


def flagged(table: pl.DataFrame, masks: Mapping[str, Mask]) -> pl.Series:
    """The column `flags` of a table with each flag added where its mask, (B,), is true; no flag appears twice."""
    present = table["flags"].fill_null("").to_list() if "flags" in table.columns else [""] * table.height
    rows = [[flag for flag in text.split(";") if flag] for text in present]
    for flag, mask in masks.items():
        for index in np.flatnonzero(mask):
            if flag not in rows[index]:
                rows[index].append(flag)
    return pl.Series("flags", [";".join(row) for row in rows], dtype=pl.String)
