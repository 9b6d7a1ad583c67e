"""Gates: conditions as probabilities."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.errors import RequestError
from screening.ranking.gates import WaivableGate
from screening.settings import build_settings


def gate(**keys: object) -> WaivableGate:
    return build_settings(WaivableGate, keys, "gate")


def test_a_threshold_inside_the_interval_is_a_probability() -> None:
    table = pl.DataFrame({"x": [1.0, 1.0, 1.0], "x_lo": [0.5, 0.9, 1.0], "x_hi": [1.5, 1.1, 1.0]})
    above = gate(column="x", at_least=1.05).probabilities(table)
    assert 0.4 < above[0] < 0.5
    assert 0.2 < above[1] < above[0]
    assert above[2] == 0.0
    below = gate(column="x", at_most=1.05).probabilities(table)
    assert (above + below).tolist() == pytest.approx([1.0, 1.0, 1.0])


@given(value=st.floats(0, 2), step=st.floats(0, 2), threshold=st.floats(0, 2), width=st.floats(0, 1))
def test_a_better_value_never_lowers_the_probability(value: float, step: float, threshold: float, width: float) -> None:
    table = pl.DataFrame({"x": [value, value + step]})
    table = table.with_columns(x_lo=pl.col("x") - width, x_hi=pl.col("x") + width)
    low, high = gate(column="x", at_least=threshold).probabilities(table)
    assert low <= high + 1e-12
    low, high = gate(column="x", at_most=threshold).probabilities(table)
    assert high <= low + 1e-12


def test_categories_booleans_flags_and_probabilities() -> None:
    table = pl.DataFrame(
        {
            "axis": ["c", "plane", None],
            "ok": [True, False, None],
            "flags": ["a;bad", "bad_luck", None],
            "p": [0.3, 1.0, None],
        }
    )
    assert gate(column="axis", is_in=["c"], when_unknown=0.4).probabilities(table).tolist() == [1.0, 0.0, 0.4]
    assert gate(column="ok", is_in=[True]).probabilities(table).tolist() == [1.0, 0.0, 0.5]
    assert gate(column="flags", without_flag="bad", otherwise=0.05).probabilities(table).tolist() == [0.05, 1.0, 1.0]
    assert gate(column="p", probability=True).probabilities(table).tolist() == [0.3, 1.0, 0.5]


def test_a_gate_can_be_waived() -> None:
    table = pl.DataFrame({"x": [0.0, 0.0, 1.0], "price": [0.5, 5.0, 5.0]})
    either = gate(column="x", at_least=0.8, waived_by={"column": "price", "at_most": 1.0})
    assert either.probabilities(table).tolist() == [1.0, 0.0, 1.0]


def test_the_unknown_is_neither_passed_nor_failed() -> None:
    table = pl.DataFrame({"x": [None, float("nan")]}, schema={"x": pl.Float64}, strict=False)
    assert gate(column="x", at_least=1.0).probabilities(table).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"column": "x"}, "got none"),
        ({"column": "x", "at_least": 1, "at_most": 2}, "at_least"),
        ({"column": "x", "atleast": 1}, "did you mean at_least"),
        ({"at_least": 1}, "gate.column: missing"),
        ({"column": "x", "at_least": "much"}, "gate.at_least=much: expected a number"),
        ({"column": "x", "at_least": 1, "when_unknown": 2}, "when_unknown"),
        ({"column": "x", "at_least": 1, "waived_by": {"column": "y"}}, "gate on y"),
    ],
)
def test_wrong_gates_are_refused_by_name(keys: dict[str, object], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        gate(**keys)


def test_a_missing_column_is_refused_by_name() -> None:
    with pytest.raises(RequestError, match="'x'"):
        gate(column="x", at_least=1.0).probabilities(pl.DataFrame({"y": [1.0]}))


def test_a_soft_limit_counts_by_the_ratio() -> None:
    table = pl.DataFrame({"price": [10.0, 40.0, 80.0, 400.0, None]})
    soft = gate(column="price", at_most=40.0, soft=True, when_unknown=0.7)
    assert soft.probabilities(table).tolist() == pytest.approx([1.0, 1.0, 0.5, 0.1, 0.7])
    for wrong in ({"at_least": 1.0}, {"at_most": 0.0}, {"at_most": 1.0, "half_until": 2.0}):
        with pytest.raises(RequestError, match="soft: expected at_most above 0 too"):
            gate(column="price", soft=True, **wrong)
