"""One row for an alloy from the rows of its approximants.

Figures are weighted means at the composition of the alloy, which the weights are for. What the approximants differ by
joins the intervals: arrangement and rounding to whole atoms are uncertain like the predictions themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.constants import G_PER_CM3_PER_U_PER_A3
from screening.chemistry.elements import N_ELEMENTS, atomic_masses
from screening.chemistry.formulas import Amounts, formula_of
from screening.crystals.crystal import Crystal

TENTH = 1.2816
"""Standard deviations from the median of a normal distribution to its 90th percentile."""
_LEAST_KNOWN = 0.5
_DIGITS = 6


def further_approximants(crystals: Sequence[Crystal]) -> list[Crystal]:
    """All approximants besides the crystals themselves, in order."""
    return list(chain.from_iterable(crystal.approximants for crystal in crystals))


def alloy_counts(crystals: Sequence[Crystal], counts: Floats) -> Floats:
    """Atoms of each element in B cells by the composition of the alloy they stand for, (B, 119).

    Args:
        crystals: B crystals.
        counts: Atoms in their cells, (B, 119).
    """
    rows = [row for row, crystal in enumerate(crystals) if crystal.composition]
    if not rows:
        return counts
    true = counts.copy()
    for row in rows:
        true[row] = _in_cell(crystals[row].composition, float(counts[row].sum()))
    return true


def averaged(crystals: Sequence[Crystal], table: pl.DataFrame, places: NDArray[np.int64]) -> pl.DataFrame:
    """One row for each crystal that no predictor refused.

    Args:
        crystals: B crystals.
        table: Rows of these and then of `further_approximants`, but for refused ones; with the columns of all
            predictors.
        places: Which of these the rows are, ascending.
    """
    first = int(np.searchsorted(places, len(crystals)))
    owners = [row for row, crystal in enumerate(crystals) for _ in crystal.approximants]
    rows_of = {int(place): [row] for row, place in enumerate(places[:first])}
    for row, place in enumerate(places[first:].tolist(), start=first):
        rows_of.get(owners[place - len(crystals)], []).append(row)
    weights = np.array([c.weight for c in (*crystals, *further_approximants(crystals))])[places]
    result = table.head(first)
    alloys = [(row, int(place)) for row, place in enumerate(places[:first]) if crystals[place].composition]
    if not alloys:
        return result
    columns = {name: result[name].to_list() for name in table.columns}
    for row, place in alloys:
        own = np.array(rows_of[place])
        rows, shares = table[own], weights[own] / weights[own].sum()
        found = _one(rows, shares)
        for name, value in (found | _identity(crystals[place], found, rows, shares)).items():
            columns[name][row] = value
    return pl.DataFrame(columns, schema=table.schema)


def _one(rows: pl.DataFrame, weights: Floats) -> dict[str, object]:
    """Values of one row; those of the heaviest approximant where there is no mean."""
    found: dict[str, object] = rows.row(int(weights.argmax()), named=True)
    found = {name: value for name, value in found.items() if name not in _OF_THE_FIRST}
    for name, kind in rows.schema.items():
        if name in found and kind in (pl.Float64, pl.Float32):
            found[name] = _mean(rows[name].to_numpy(), weights)
    for name in rows.columns:
        low, high = f"{name}_lo", f"{name}_hi"
        if low in found and high in found and found[name] is not None:
            found[low], found[high] = _interval(rows.select(name, low, high).to_numpy(), weights, found[name])
    for name in ("easy_axis", *(name for name, kind in rows.schema.items() if kind == pl.Boolean)):
        if name in found:
            found[name] = _most(rows[name].to_list(), weights)
    if "flags" in found:
        flags = chain.from_iterable((text or "").split(";") for text in rows["flags"])
        found["flags"] = ";".join(dict.fromkeys(flag for flag in flags if flag))
    return found


_OF_THE_FIRST = ("candidate_id", "source", "n_atoms")


def _mean(values: Floats, weights: Floats) -> float | None:
    """Over the known values; None where most weight is on unknown ones."""
    known = np.isfinite(values.astype(np.float64))
    if weights[known].sum() < _LEAST_KNOWN:
        return None
    return float(np.average(values[known], weights=weights[known]))


def _interval(values: Floats, weights: Floats, middle: object) -> tuple[float | None, float | None]:
    """Ends of the 80 % interval of a mean, from values with their ends, (k, 3): half-widths and spread in squares."""
    known = np.isfinite(values.astype(np.float64)).all(axis=1)
    if not known.any() or not isinstance(middle, float):
        return None, None
    value, low, high = values[known].T
    share = weights[known] / weights[known].sum()
    spread = TENTH**2 * float(share @ (value - middle) ** 2)
    below, above = (float(share @ reach) for reach in ((value - low), (high - value)))
    least, most = middle - np.sqrt(below**2 + spread), middle + np.sqrt(above**2 + spread)
    return (max(least, 0.0) if (low >= 0).all() else least), most  # what cannot be negative stays so


def _most(values: list[object], weights: Floats) -> object:
    """The value with the most weight."""
    total: dict[object, float] = {}
    for value, weight in zip(values, weights, strict=True):
        total[value] = total.get(value, 0.0) + float(weight)
    return max(total, key=lambda value: total[value])


def _identity(crystal: Crystal, found: dict[str, object], rows: pl.DataFrame, weights: Floats) -> dict[str, object]:
    """Formula of the mean cell, and its density."""
    atoms = float(np.average(rows["n_atoms"].to_numpy(), weights=weights))
    counts = _in_cell(crystal.composition, atoms)
    present = np.flatnonzero(counts).tolist()
    values: dict[str, object] = {"cell_formula": formula_of(tuple((z, float(counts[z])) for z in present), _DIGITS)}
    volume = found.get("volume_A3")
    if isinstance(volume, float) and "density_g_per_cm3" in found:
        values["density_g_per_cm3"] = float(counts @ atomic_masses()) / volume * G_PER_CM3_PER_U_PER_A3
    return values


def _in_cell(composition: Amounts, atoms: float) -> NDArray[np.float64]:
    counts = np.zeros(N_ELEMENTS)
    for number, amount in composition:
        counts[number] = amount
    return np.asarray(counts * (atoms / counts.sum()))
