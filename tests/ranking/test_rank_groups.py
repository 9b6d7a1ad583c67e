"""Lists within a ranking: a partition, each with dense places, and the best of each among the finalists."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.errors import RequestError
from screening.ranking import best_of_groups, lists_of, rank_table, ranking_settings

SETTINGS: dict[str, Any] = {
    "gates": {},
    "objective": {"column": "y", "scale": 1.0},
    "tie_break": ["y"],
    "pareto": [{"column": "y", "maximise": True}],
    "groups": ["ion", "use"],
}
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["Li", "Na", None]), st.sampled_from(["cathode", "anode", None]), st.floats(0, 2, width=16)
    ),
    min_size=1,
    max_size=15,
)


def ranked(rows: list[tuple[str | None, str | None, float]], **changes: Any) -> pl.DataFrame:
    table = pl.DataFrame(rows, schema={"ion": pl.String, "use": pl.String, "y": pl.Float64}, orient="row")
    ids = pl.Series([f"c{index:02d}" for index in range(table.height)], dtype=pl.String)
    return rank_table(table.with_columns(candidate_id=ids), ranking_settings({**SETTINGS, **changes}))


@given(ROWS)
def test_lists_are_a_partition_with_dense_places_in_the_order_of_the_rank(rows: list[Any]) -> None:
    table = ranked(rows)
    lists = lists_of(table)
    assert sorted(pl.concat([part for _, part in lists])["rank"]) == list(range(1, len(rows) + 1))
    assert len({name for name, _ in lists}) == len(lists)
    for name, part in lists:
        assert part["rank_in_group"].to_list() == list(range(1, part.height + 1))
        assert part["rank"].is_sorted()
        assert {f"{i or 'unknown'} {u or 'unknown'}" for i, u in part.select("ion", "use").iter_rows()} == {name}
    assert [part["rank"][0] for _, part in lists] == sorted(part["rank"][0] for _, part in lists)


@given(ROWS, st.integers(0, 8))
def test_the_best_have_the_first_of_every_list_as_far_as_there_is_room(rows: list[Any], n: int) -> None:
    table = ranked(rows)
    best = best_of_groups(table, n)
    assert best.height == min(n, table.height)
    assert best["rank"].is_sorted() and best["rank"].n_unique() == best.height
    leaders = table.filter((pl.col("rank_in_group") == 1) & (pl.col("score") > 0))["rank"].to_list()
    assert set(leaders[:n]) <= set(best["rank"])
    if n >= max(len(leaders), 1):
        assert best["rank"][0] == 1


def test_without_groups_there_is_one_list_and_no_column() -> None:
    table = ranked([("Li", "cathode", 1.0), ("Na", None, 2.0)], groups=[])
    assert not {"rank_group", "rank_in_group"} & set(table.columns)
    assert [name for name, _ in lists_of(table)] == [""]
    assert best_of_groups(table, 1)["rank"].to_list() == [1]
    assert [name for name, _ in lists_of(ranked([]))] == [""]


def test_a_group_of_an_unknown_column_is_refused_by_name() -> None:
    with pytest.raises(RequestError, match="no column 'colour'"):
        ranked([("Li", "cathode", 1.0)], groups=["colour"])
