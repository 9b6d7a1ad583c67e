"""Places that the interval of the objective leaves a candidate."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.ranking.places import PLACES, place_range

ROWS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 3), st.sampled_from("ab")), min_size=1, max_size=12
)


@settings(max_examples=80)
@given(rows=ROWS)
def test_each_place_is_that_of_the_list_sorted_anew(rows: list[tuple[int, int, int, str]]) -> None:
    score = np.array([row[0] for row in rows], dtype=float)
    low, high = score - [row[1] for row in rows], score + [row[2] for row in rows]
    groups = [row[3] for row in rows]
    best, worst = place_range(pl.DataFrame({"score": score}), low, high, groups)
    for index, group in enumerate(groups):
        others = [score[other] for other, name in enumerate(groups) if name == group and other != index]
        assert best[index] == 1 + sum(other > high[index] for other in others)
        assert worst[index] == 1 + sum(other >= low[index] for other in others)


def test_a_lead_beyond_the_interval_is_certain_and_equal_scores_share_their_places() -> None:
    score = np.array([0.9, 0.5, 0.5, 0.0])
    best, worst = place_range(pl.DataFrame({"score": score}), score, score, [""] * 4)
    assert (best.name, worst.name) == PLACES
    assert best.to_list() == [1, 2, 2, 4] and worst.to_list() == [1, 3, 3, 4]
