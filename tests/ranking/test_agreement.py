"""The agreement of score and decisions is the area under the ROC curve, with an interval valid for small numbers."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from screening.ranking.agreement import agreement, interval, standings, standings_sentence

SCORES = st.lists(st.integers(0, 6).map(lambda n: n / 4), min_size=1, max_size=12)


@given(SCORES, SCORES)
def test_it_is_the_area_under_the_curve(approved: list[float], rejected: list[float]) -> None:
    found = agreement(approved, rejected)
    expected = roc_auc_score([1] * len(approved) + [0] * len(rejected), approved + rejected)
    assert found.probability == pytest.approx(expected, abs=1e-12)
    assert found.probability_lo is not None and found.probability_hi is not None
    assert 0 <= found.probability_lo <= found.probability <= found.probability_hi <= 1
    turned = agreement(rejected, approved)
    assert turned.probability_hi == pytest.approx(1 - found.probability_lo, abs=1e-6)


@pytest.mark.parametrize(("n_approved", "n_rejected"), [(5, 5), (5, 15), (12, 8)])
@pytest.mark.parametrize("truth", [0.5, 0.75, 0.9])
def test_the_interval_has_its_coverage(n_approved: int, n_rejected: int, truth: float) -> None:
    rng = np.random.default_rng(1)
    shift = norm.ppf(truth) * np.sqrt(2)
    held = 0
    for _ in range(300):
        ours, theirs = rng.normal(shift, 1, n_approved), rng.normal(0, 1, n_rejected)
        low, high = interval(float((ours[:, None] > theirs).mean()), n_approved, n_rejected)
        held += low <= truth <= high
    assert 0.72 <= held / 300 <= 0.96


def test_a_perfect_separation_of_few_is_not_certain() -> None:
    few, many = agreement([3, 2], [1, 0]), agreement(range(20, 40), range(20))
    assert few.probability == many.probability == 1.0
    assert few.probability_lo is not None and few.probability_lo < 0.65
    assert many.probability_lo is not None and many.probability_lo > 0.9
    assert few.sentence.endswith("too few to tell") and many.sentence.endswith(
        "(80 %: 96% to 100%; 20 approved, 20 rejected)"
    )
    assert agreement(range(6), range(6)).sentence.endswith("may be no better than chance")


def test_without_one_kind_it_is_unknown() -> None:
    found = agreement([0.5, None, float("nan")], [None])
    assert (found.n_approved, found.n_rejected, found.probability) == (1, 0, None)
    assert "unknown" in found.sentence and "1 approved, 0 rejected" in found.sentence
    assert found.metrics == {"review/n_approved": 1.0, "review/n_rejected": 0.0}
    assert found.record["probability"] is None


def test_what_is_recorded() -> None:
    found = agreement([1.0, 0.2], [0.5])
    assert found.metrics["review/probability"] == 0.5
    assert set(found.metrics) == {f"review/{name}" for name in found.record if name != "sentence"}


def test_standings_of_reviewed_candidates() -> None:
    table = pl.DataFrame({"rank": [1, 2, 3], "candidate_id": ["x", "a", "b"], "formula": ["FeO", "FeO", "CoO"]})
    reviewed = [
        {"decision": "approve", "candidate_id": "b", "formula": "CoO", "rank": 1},
        {"decision": "approve", "candidate_id": "a", "formula": "NiO", "rank": 2},
        {"decision": "hold", "candidate_id": "a", "formula": "FeO", "rank": None},
        {"decision": "reject", "candidate_id": "c", "formula": "FeO", "rank": 3},
    ]
    found = standings(reviewed, table)
    assert found.columns == ["decision", "candidate_id", "formula", "rank_then", "rank_now"]
    assert found["rank_now"].to_list() == [3, None, 2, None]
    assert standings_sentence(found, 3) == (
        "approved now at rank 3 (1 not among the candidates); on hold now at rank 2; of 3"
    )
    assert standings_sentence(standings(reviewed[3:], table), 3) == "none approved or on hold; 3 ranked"
    assert standings_sentence(standings(reviewed[1:2], table), 3) == (
        "approved now at rank none (1 not among the candidates); of 3"
    )
