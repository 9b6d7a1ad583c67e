"""Figures for plotly."""

from __future__ import annotations

import polars as pl
from report.conftest import ranking_of

from screening.materials.base import Curve
from screening.report.page import ReportContent
from screening.report.plots import curve_figure, pareto_scatter
from screening.report.texts import catalogue


def test_an_axis_with_a_few_huge_values_is_logarithmic(content: ReportContent) -> None:
    ranking = ranking_of([f"c{i}" for i in range(20)]).with_columns(price_USD_per_kg=pl.lit(5.0))
    expensive = ranking.with_columns(price_USD_per_kg=pl.when(pl.col("rank") == 1).then(2e4).otherwise(5.0))
    axes = ("price_USD_per_kg", "mu0_Ms_T")
    figures = [pareto_scatter(table, content.landmarks, axes, 5, catalogue("ru")) for table in (ranking, expensive)]
    assert [figure["layout"]["xaxis"]["type"] for figure in figures] == ["linear", "log"]
    assert figures[1]["layout"]["xaxis"]["title"]["text"] == "Цена (долл./кг), лог. шкала"
    assert figures[1]["layout"]["separators"] == ",\u202f"


def test_a_curve_has_its_interval_as_a_band() -> None:
    curve = Curve("voltage", (0.0, 100.0, 100.0, 170.0), (3.4, 3.4, 3.6, 3.6), (3.2,) * 4, (3.8,) * 4)
    low, high, line = curve_figure(curve, catalogue("ru"))["data"]
    assert line["y"] == [3.4, 3.4, 3.6, 3.6] and high["fill"] == "tonexty" and low["y"] == [3.2] * 4
    assert curve_figure(curve, catalogue("ru"))["layout"]["xaxis"]["title"]["text"] == "извлечённый заряд, мА·ч/г"
    bare = curve_figure(Curve("polarization", (0.0, 1.0), (1.0, 0.0)), catalogue("en"))
    assert len(bare["data"]) == 1
