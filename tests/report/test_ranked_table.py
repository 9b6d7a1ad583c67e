"""The data behind the ranked table."""

from __future__ import annotations

import math

import polars as pl
from report.conftest import ranking_of

from screening.report.page import ReportContent
from screening.report.ranked_table import table_data
from screening.report.texts import catalogue


def test_columns_cells_and_choices(content: ReportContent) -> None:
    table = table_data(content.ranking, content.task, catalogue("en"))
    columns = {spec["name"]: (place, spec) for place, spec in enumerate(table["columns"])}
    place, spec = columns["energy_above_hull_eV_per_atom"]
    assert spec["interval"] and table["rows"][1][place] == [0.01, -0.01, 0.04]
    assert columns["score"][1]["first"] and not columns["gate_stability_probability"][1]["first"]
    assert table["flags"]["<i>odd</i>"] == "" and "hull" in table["flags"]["metastable"]
    assert list(table["gates"].values()) == ["magnetization", "stability"]


def test_nan_is_missing() -> None:
    ranking = ranking_of(["a", "b"]).with_columns(mu0_Ms_T=pl.Series([math.nan, 1.23456789]))
    table = table_data(ranking, {}, catalogue("en"))
    place = [spec["name"] for spec in table["columns"]].index("mu0_Ms_T")
    assert [row[place] for row in table["rows"]] == [None, 1.23457]


def test_all_decimals_shown_are_kept() -> None:
    ranking = ranking_of(["FePt"]).with_columns(price_USD_per_kg=pl.lit(21613.1189))
    table = table_data(ranking, {}, catalogue("en"))
    place = [spec["name"] for spec in table["columns"]].index("price_USD_per_kg")
    assert table["rows"][0][place] == 21613.12


def test_words_of_categories(content: ReportContent) -> None:
    ranking = content.ranking.with_columns(easy_axis=pl.lit("axis"), limiting_gate=pl.lit("stability"))
    table = table_data(ranking, content.task, catalogue("ru"))
    words = {spec["name"]: spec["words"] for spec in table["columns"]}
    assert words["easy_axis"]["axis"] == "ось" and words["limiting_gate"]["stability"] == "устойчивость"


def test_lists_can_be_chosen_by_their_names_in_words(content: ReportContent) -> None:
    ranking = content.ranking.with_columns(
        rank_group=pl.Series([f"{'Li cathode' if i % 2 else 'Na unknown'}" for i in range(content.ranking.height)]),
        rank_in_group=pl.int_range(1, content.ranking.height + 1),
    )
    assert table_data(ranking, content.task, catalogue("ru"))["groups"] == {
        "Na unknown": "Na с неизвестным применением",
        "Li cathode": "Li катод",
    }
    assert table_data(content.ranking, content.task, catalogue("ru"))["groups"] == {}
