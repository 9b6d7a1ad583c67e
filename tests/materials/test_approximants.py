"""Approximants of an alloy become one row: its composition, means, and intervals that hold the spread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from helpers.crystals import random_crystal
from hypothesis import given
from hypothesis import strategies as st

from screening.chemistry.formulas import parse_formula
from screening.crystals import Crystal
from screening.materials.approximants import alloy_counts, averaged, further_approximants

FE, CO = 26, 27


def alloy(weights: tuple[float, float] = (0.75, 0.25)) -> Crystal:
    """Fe1.75Co0.25 from Fe8 and Fe6Co2 or the like."""
    one = random_crystal(np.random.default_rng(0), 8)
    first = replace(one, numbers=np.array([FE] * 8, dtype=np.int16))
    second = replace(one, numbers=np.array([FE] * 4 + [CO] * 4, dtype=np.int16), weight=weights[1])
    mixed = ((FE, 2 - weights[1]), (CO, weights[1]))
    return replace(first, composition=mixed, weight=weights[0], approximants=(replace(second, composition=mixed),))


def table(values: list[float | None], reach: float = 0.1, **more: list[object]) -> pl.DataFrame:
    size = len(values)
    return pl.DataFrame(
        {
            "candidate_id": [f"row {row}" for row in range(size)],
            "cell_formula": ["Fe8"] * size,
            "n_atoms": [8] * size,
            "volume_A3": [90.0] * size,
            "density_g_per_cm3": [1.0] * size,
            "figure": values,
            "figure_lo": [None if v is None else v - reach for v in values],
            "figure_hi": [None if v is None else v + reach for v in values],
            "flags": [""] * size,
            **more,
        },
        schema_overrides={"n_atoms": pl.Int32, "figure": pl.Float64, "figure_lo": pl.Float64, "figure_hi": pl.Float64},
    )


def test_one_row_at_the_true_composition() -> None:
    crystal, plain = alloy(), random_crystal(np.random.default_rng(1), 3)
    rows = table([1.0, 5.0, 2.0], flags=["a", "", "b;a"])
    found = averaged([crystal, plain], rows, np.arange(3))
    assert found["candidate_id"].to_list() == ["row 0", "row 1"]
    assert found["figure"].to_list() == pytest.approx([1.25, 5.0])
    assert dict(parse_formula(found["cell_formula"][0]) or ()) == pytest.approx({FE: 7.0, CO: 1.0})
    assert found["flags"].to_list() == ["a;b", ""] and found["n_atoms"].to_list() == [8, 8]
    assert found.row(1) == rows.row(1) and found.schema == rows.schema


@given(st.floats(0, 3), st.floats(0, 3), st.floats(0.01, 1))
def test_the_spread_widens_the_interval(first: float, second: float, reach: float) -> None:
    found = averaged([alloy()], table([first, second], reach), np.arange(2)).row(0, named=True)
    spread = 0.1875**0.5 * abs(first - second)
    width = np.hypot(reach, 1.2816 * spread)
    assert found["figure_hi"] - found["figure"] == pytest.approx(width)
    assert found["figure_lo"] <= found["figure"]


def test_what_most_approximants_do_not_know_stays_unknown() -> None:
    assert averaged([alloy()], table([None, 1.0]), np.arange(2))["figure"].to_list() == [None]
    found = averaged([alloy()], table([1.0, None]), np.arange(2)).row(0, named=True)
    assert (found["figure"], found["figure_lo"]) == (1.0, pytest.approx(0.9))


def test_refused_rows_take_no_part() -> None:
    crystals = [alloy(), alloy()]
    assert len(further_approximants(crystals)) == 2
    found = averaged(crystals, table([1.0, 3.0, 7.0]), np.array([0, 1, 3]))  # the second of the first is refused
    assert found["figure"].to_list() == pytest.approx([1.0, 4.0])
    found = averaged(crystals, table([3.0, 9.0, 7.0]), np.array([1, 2, 3]))  # the first of the first is refused
    assert found["figure"].to_list() == pytest.approx([4.0])


def test_counts_follow_the_composition() -> None:
    counts = np.zeros((2, 119))
    counts[:, FE] = 8
    found = alloy_counts([alloy(), random_crystal(np.random.default_rng(1), 3)], counts)
    assert found[0, [FE, CO]] == pytest.approx([7, 1]) and (found[1] == counts[1]).all()
