"""The periodic table of scores."""

from __future__ import annotations

import polars as pl

from screening.report.heat_map import element_scores, heat_map, places
from screening.report.texts import catalogue


def ranking(formulas: list[str], scores: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"rank": range(1, len(formulas) + 1), "formula": formulas, "score": scores})


def test_best_and_mean_of_all_that_contain_an_element() -> None:
    scores = element_scores(ranking(["Nd2Fe14B", "FeNi", "Fe"], [0.8, 0.2, 0.05]))
    found = {row["element"]: row for row in scores.iter_rows(named=True)}
    assert set(found) == {"Nd", "Fe", "B", "Ni"}
    assert (found["Fe"]["best"], found["Fe"]["count"], found["Fe"]["formula"]) == (0.8, 3, "Nd2Fe14B")
    assert abs(found["Fe"]["mean"] - 0.35) < 1e-9 and found["Ni"]["best"] == 0.2
    assert scores["element"].to_list()[0] == "Fe"


def test_symbols_of_two_letters_and_text_that_is_not_an_element() -> None:
    scores = element_scores(ranking(["NaN", "<b>Fe</b>", "Xx9"], [1.0, 0.5, 0.9]))
    assert set(scores["element"]) == {"Na", "N", "Fe"}


def test_every_element_has_a_place_of_its_own() -> None:
    where = {symbol: (row, column) for symbol, row, column in places()}
    assert len(where) == len(set(where.values())) == 103
    assert where["H"] == (0, 0) and where["He"] == (0, 17) and where["Fe"] == (3, 7)
    assert where["Nd"] == (8, 6) and where["Hf"] == (5, 3) and where["U"] == (9, 6)


def test_the_best_are_named() -> None:
    shown = heat_map(ranking(["LiF"], [0.5]), catalogue("ru"))
    assert shown["named"] == "F 0,500, Li 0,500" and shown["scores"]["Li"] == [0.5, 0.5, 1, "LiF"]
