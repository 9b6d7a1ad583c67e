"""Statistics compared with plain definitions and other implementations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.chemistry.compositions import count_matrix
from screening.materials.reference import (
    class_statistics,
    composition_baseline,
    constant_baseline,
    error_statistics,
    spearman,
)

NAN = float("nan")


def test_errors_count_only_rows_that_have_both_values() -> None:
    measured, predicted = np.array([1.0, 2.0, NAN, 4.0, 5.0]), np.array([1.5, NAN, 3.0, 3.0, 9.0])
    low, high = predicted - 1, predicted + 1
    rows = np.array([True, True, True, True, False])
    found = error_statistics(measured, predicted, rows, low, high)
    assert found == {"n": 2, "not_predicted": 1, "mae": 0.75, "bias": -0.25, "coverage": 1.0}


def test_without_pairs_there_is_no_statistic() -> None:
    none = np.zeros(0)
    found = error_statistics(none, none, none.astype(bool), none, none)
    assert (found["n"], found["mae"], found["coverage"]) == (0, None, None)
    assert spearman(none, none, none.astype(bool)) is None


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=20))
def test_rank_correlation_is_that_of_polars(pairs: list[tuple[int, int]]) -> None:
    import polars as pl

    a, b = (np.array(values, dtype=float) for values in zip(*pairs, strict=True))
    found = spearman(a, b, np.ones(len(a), dtype=bool))
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        assert found is None
        return
    frame = pl.DataFrame({"a": a, "b": b})
    assert found == pytest.approx(frame.select(pl.corr("a", "b", method="spearman")).item(), abs=1e-9)


def test_a_missing_class_counts_as_wrong_and_an_unmeasured_one_not_at_all() -> None:
    found = class_statistics(["axis", "plane", None, "axis"], ["axis", None, "axis", "plane"])
    assert (found["n"], found["right"]) == (3, 1)
    assert found["confusion"] == {"axis": {"axis": 1, "plane": 1}, "plane": {"none": 1}}
    assert class_statistics([None], ["axis"])["accuracy"] is None


def test_the_composition_baseline_never_sees_the_chemical_system_it_predicts() -> None:
    """Polymorphs and neighbours in composition get a prediction that their own values cannot change."""
    formulas = ["Fe2", "Fe4", "FeCo", "Fe3Co", "Co", "Ni", "FeNi"]
    systems = ["Fe", "Fe", "Co-Fe", "Co-Fe", "Co", "Ni", "Fe-Ni"]
    counts, rows = count_matrix(formulas), np.ones(7, dtype=bool)
    measured = np.array([2.2, 2.1, 2.4, 2.3, 1.8, 0.6, 1.6])
    first = composition_baseline(counts, systems, measured, rows)
    changed = measured.copy()
    changed[:2] = 50.0
    second = composition_baseline(counts, systems, changed, rows)
    assert second[:2] == pytest.approx(first[:2])
    assert second[2:].max() > 5
    assert np.isnan(composition_baseline(counts, systems, measured, ~rows)).all()


def test_the_constant_is_the_median_of_the_others() -> None:
    measured = np.array([1.0, 2.0, 10.0, NAN])
    found = constant_baseline(measured, np.array([True, True, True, True]))
    assert found[:3].tolist() == [6.0, 5.5, 1.5]
    assert np.isnan(found[3])
