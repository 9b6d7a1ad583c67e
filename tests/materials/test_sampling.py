from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from screening.errors import RequestError
from screening.materials.sampling import Distribution, common_scores, propagate, quantiles, stratified_scores

reals = st.floats(-100, 100)
widths = st.one_of(st.just(0.0), st.floats(0.01, 50))


def distribution(value: float, lo: float, hi: float, lower: float = -np.inf, upper: float = np.inf) -> Distribution:
    table = pl.DataFrame({"q": [value], "q_lo": [lo], "q_hi": [hi]})
    return Distribution.from_table(table, "q", lower, upper)


def test_the_interval_holds_eighty_percent() -> None:
    one = distribution(1.0, 0.5, 3.0)
    assert one.probability_below(0.5)[0] == pytest.approx(0.1)
    assert one.probability_below(1.0)[0] == pytest.approx(0.5)
    assert one.probability_above(3.0)[0] == pytest.approx(0.1)


def test_a_symmetric_interval_is_a_normal() -> None:
    one = distribution(2.0, 2.0 - 1.2815515655, 2.0 + 1.2815515655)
    for threshold in (-1.0, 1.5, 2.0, 4.0):
        assert one.probability_below(threshold)[0] == pytest.approx(norm.cdf(threshold, 2, 1))
    assert one.mean()[0] == pytest.approx(2.0)


@given(value=reals, below=widths, above=widths, threshold=reals)
def test_probabilities_agree_with_samples(value: float, below: float, above: float, threshold: float) -> None:
    one = distribution(value, value - below, value + above, lower=0.0)
    samples = one.at(stratified_scores(2001))[0]
    assert one.probability_below(threshold)[0] == pytest.approx((samples <= threshold).mean(), abs=2e-3)
    assert one.probability_above(threshold)[0] == pytest.approx((samples >= threshold).mean(), abs=2e-3)
    assert samples.min() >= 0


@given(value=reals, below=st.floats(0, 50), above=st.floats(0, 50), low=reals, step=st.floats(0, 50))
def test_probabilities_are_monotone_in_the_threshold(
    value: float, below: float, above: float, low: float, step: float
) -> None:
    one = distribution(value, value - below, value + above)
    assert one.probability_below(low)[0] <= one.probability_below(low + step)[0]
    assert one.probability_above(low)[0] >= one.probability_above(low + step)[0]


def test_a_value_without_interval_is_certain() -> None:
    table = pl.DataFrame({"q": [0.05]})
    one = Distribution.from_table(table, "q")
    assert one.probability_below(0.05)[0] == 1.0
    assert one.probability_above(0.05)[0] == 1.0
    assert one.probability_above(0.0501)[0] == 0.0


def test_unknown_values_stay_unknown() -> None:
    one = distribution(float("nan"), 0.0, 1.0)
    assert np.isnan(one.probability_below(0.5)[0])
    assert np.isnan(one.mean()[0])
    assert np.isnan(one.at(stratified_scores(9))).all()


def test_interval_ends_on_the_wrong_side_are_moved_to_the_value() -> None:
    one = distribution(1.0, 2.0, 0.5)
    assert (one.lo[0], one.value[0], one.hi[0]) == (1.0, 1.0, 1.0)


def test_text_where_numbers_belong_is_refused_by_column() -> None:
    with pytest.raises(RequestError, match="'q'"):
        Distribution.from_table(pl.DataFrame({"q": ["many"]}), "q")


def test_a_monotone_function_keeps_the_percentiles() -> None:
    one = distribution(1.0, 0.5, 3.0)
    (scores,) = common_scores(1, 255, seed=3)
    median, low, high = propagate(1, lambda rows: {"cube": one.rows(rows).at(scores) ** 3})["cube"][:, 0]
    assert median == pytest.approx(1.0)
    assert low == pytest.approx(0.125, rel=0.02)
    assert high == pytest.approx(27.0, rel=0.02)


def test_common_scores_cover_every_stratum_and_follow_the_seed() -> None:
    scores = common_scores(3, 101, seed=1)
    assert np.array_equal(np.sort(scores, axis=1), np.tile(stratified_scores(101), (3, 1)))
    assert np.array_equal(scores, common_scores(3, 101, seed=1))
    assert not np.array_equal(scores, common_scores(3, 101, seed=2))
    assert abs(np.corrcoef(scores)[0, 1]) < 0.3


def test_quantiles_are_those_of_numpy_and_leave_out_what_is_no_number() -> None:
    samples = np.random.default_rng(0).normal(size=(5, 40))
    expected = np.quantile(samples, (0.5, 0.1, 0.9), axis=1, method="hazen")
    np.testing.assert_allclose(quantiles(samples), expected)
    holes = samples.copy()
    holes[1, :25] = np.nan
    holes[2] = np.nan
    found = quantiles(holes)
    np.testing.assert_allclose(found[:, 1], np.quantile(samples[1, 25:], (0.5, 0.1, 0.9), method="hazen"))
    assert np.isnan(found[:, 2]).all()


def test_propagation_does_not_depend_on_chunks_and_takes_no_rows() -> None:
    values = np.arange(10_000.0)
    found = propagate(10_000, lambda rows: {"x": values[rows, None] + np.zeros((1, 9)), "twice": 2 * values[rows]})
    np.testing.assert_array_equal(found["x"], np.tile(values, (3, 1)))
    np.testing.assert_array_equal(found["twice"], 2 * values)
    assert propagate(0, lambda rows: {"x": values[rows, None] + np.zeros((1, 9))})["x"].shape == (3, 0)
