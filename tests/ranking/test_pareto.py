"""Pareto fronts against their definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from screening.ranking.pareto import pareto_fronts


def peel(objectives: np.ndarray) -> np.ndarray:
    """Fronts by definition: take off the non-dominated rows, again and again."""
    values = np.where(np.isnan(objectives), -np.inf, objectives)
    left, fronts, number = list(range(len(values))), np.zeros(len(values), dtype=int), 0
    while left:
        number += 1
        front = [
            i for i in left
            if not any((values[j] >= values[i]).all() and (values[j] > values[i]).any() for j in left)
        ]  # fmt: skip
        fronts[front] = number
        left = [i for i in left if i not in front]
    return fronts


@given(st.integers(1, 5).flatmap(lambda m: arrays(
    float, st.tuples(st.integers(0, 25), st.just(m)),
    elements=st.one_of(st.integers(0, 4).map(float), st.just(float("nan")), st.floats(-1, 1, width=16)),
)))  # fmt: skip
def test_fronts_are_those_of_the_definition(objectives: np.ndarray) -> None:
    assert pareto_fronts(objectives).tolist() == peel(objectives).tolist()


def peel_at_once(objectives: np.ndarray) -> np.ndarray:
    """The same with all pairs compared at once, for more rows than `peel` can take."""
    values = np.where(np.isnan(objectives), -np.inf, objectives)
    better = (values[:, None] >= values[None]).all(axis=2) & (values[:, None] > values[None]).any(axis=2)
    fronts, left, number = np.zeros(len(values), dtype=int), np.ones(len(values), dtype=bool), 0
    while left.any():
        number += 1
        front = left & ~better[left].any(axis=0)
        fronts[front] = number
        left &= ~front
    return fronts


@pytest.mark.parametrize("levels", [3, 6, 1000])
@pytest.mark.parametrize("seed", range(3))
def test_five_objectives_of_many_rows(levels: int, seed: int) -> None:
    """Ties, unknown values and objectives that go together or against each other, as in a table of magnets."""
    generator = np.random.default_rng(seed)
    objectives = generator.integers(0, levels, (600, 5)) + generator.integers(0, levels, (600, 1)) * [1, 1, 0, -1, 0]
    objectives = np.where(generator.random((600, 5)) < 0.05, np.nan, objectives)
    assert pareto_fronts(objectives).tolist() == peel_at_once(objectives).tolist()


def test_rows_that_all_trade_one_objective_for_another_share_a_front() -> None:
    points = np.random.default_rng(0).dirichlet(np.ones(5), 3000)
    assert set(pareto_fronts(points).tolist()) == {1}


@given(arrays(float, (12, 3), elements=st.integers(0, 3).map(float)), st.permutations(range(12)))
def test_the_order_of_rows_does_not_matter(objectives: np.ndarray, order: list[int]) -> None:
    assert pareto_fronts(objectives[order]).tolist() == pareto_fronts(objectives)[order].tolist()


def test_a_chain_has_one_row_a_front_and_a_tie_shares_one() -> None:
    assert pareto_fronts(np.array([[1, 1], [3, 3], [2, 2], [3, 3]], dtype=float)).tolist() == [3, 1, 2, 1]


def test_an_unknown_objective_counts_as_the_worst() -> None:
    assert pareto_fronts(np.array([[1.0, np.nan], [1.0, -1e9]])).tolist() == [2, 1]


@pytest.mark.parametrize("shape", [(5,), (5, 0)])
def test_a_wrong_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        pareto_fronts(np.zeros(shape))
