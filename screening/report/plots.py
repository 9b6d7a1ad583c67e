"""Plots of the report, as plotly figures that the page's script draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from screening.columns import interval_names
from screening.materials.base import Curve
from screening.ranking import best_of_groups
from screening.report.texts import Catalogue

POINTS = 2000
# Colours of Okabe and Ito (2008), distinct with every common colour blindness; each series has its own symbol too.
BLUE, ORANGE, GREEN = "#2B8CC4", "#D55E00", "#009E73"
_SKEWED = 10.0
"""Ratio of the largest value to the median above which the horizontal axis is logarithmic."""
_CLEAR = "rgba(0,0,0,0)"
_BAND = "rgba(43,140,196,0.22)"


def pareto_scatter(
    ranking: pl.DataFrame, landmarks: pl.DataFrame, axes: tuple[str, str], top: int, texts: Catalogue
) -> dict[str, Any]:
    """Two figures of merit against each other, as plotly's figure dictionary.

    It shows the first 2,000 candidates, the first Pareto front in another colour and symbol, and the names of
    landmarks. Only the best `top` candidates and the landmarks have error bars (80 % intervals): those of all would
    hide the points.

    Args:
        ranking: The ranked candidates.
        landmarks: Known materials.
        axes: The x and y column.
        top: How many candidates have error bars.
        texts: The reader's language.
    """
    best = ranking.head(POINTS)
    front = pl.col("pareto_front") == 1 if "pareto_front" in best.columns else pl.lit(False)
    place = pl.col("rank").is_in(best_of_groups(ranking, top)["rank"].to_list())
    names = {key: texts.text(f"scatter_{key}", n=top) for key in ("candidates", "top", "front", "front_top", "known")}
    series = [
        _trace(names["candidates"], best.filter(~front & ~place), axes, BLUE, "circle-open", 6),
        _trace(names["top"], best.filter(~front & place), axes, BLUE, "circle", 8, bars=True),
        _trace(names["front"], best.filter(front & ~place), axes, ORANGE, "triangle-up-open", 9),
        _trace(names["front_top"], best.filter(front & place), axes, ORANGE, "triangle-up", 10, bars=True),
        _trace(names["known"], landmarks, axes, GREEN, "diamond", 11, bars=True, named=True),
    ]
    x, y = (texts.column(name).heading for name in axes)
    logarithmic = _is_skewed(best, axes[0])
    x = texts.text("logarithmic", title=x) if logarithmic else x
    layout = _layout(x, y, texts)
    layout["xaxis"]["type"] = "log" if logarithmic else "linear"
    return {"data": [trace for trace in series if trace["x"]], "layout": layout}


def curve_figure(curve: Curve, texts: Catalogue) -> dict[str, Any]:
    """The curve of a finalist with its interval as a band, as plotly's figure dictionary."""
    x, y = (texts.named(f"curve_{axis}_{curve.kind}", "") for axis in "xy")
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": _short(curve.x),
        "y": _short(curve.y),
        "line": {"color": BLUE, "width": 2.5},
        "hovertemplate": "%{x:.4g}, %{y:.3g}<extra></extra>",
        "showlegend": False,
    }
    edge = {"type": "scatter", "mode": "lines", "x": line["x"], "line": {"width": 0}, "hoverinfo": "skip"}
    band = [
        {**edge, "y": _short(curve.lo), "showlegend": False},
        {**edge, "y": _short(curve.hi), "fill": "tonexty", "fillcolor": _BAND, "name": texts.text("curve_interval")},
    ]
    layout = _layout(x, y, texts)
    layout["yaxis"]["rangemode"] = "tozero"
    return {"data": [*(band if curve.lo and curve.hi else ()), line], "layout": layout}


def series_figure(
    x: Sequence[float],
    y: Sequence[float | None],
    bounds: Sequence[Sequence[float | None]],
    labels: Sequence[str],
    titles: tuple[str, str],
    texts: Catalogue,
) -> dict[str, Any]:
    """A figure of merit over the composition, with bars for its 80 % intervals, as plotly's figure dictionary.

    Args:
        x: Shares.
        y: Values; None where one is unknown.
        bounds: Lower and upper ends of the intervals, empty without any.
        labels: Formulas.
        titles: Of both axes.
        texts: The reader's language.
    """
    rows = [row for row, value in enumerate(y) if value is not None]
    values = [float(y[row] or 0.0) for row in rows]
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": _short([x[row] for row in rows]),
        "y": _short(values),
        "hovertext": [labels[row] for row in rows],
        "hovertemplate": "%{hovertext}<br>%{y:.3g}<extra></extra>",
        "line": {"color": BLUE, "width": 2},
        "marker": {"color": BLUE, "size": 7},
        "showlegend": False,
    }
    if all(bounds):
        low, high = ([_or(end[row], value) for row, value in zip(rows, values, strict=True)] for end in bounds)
        trace["error_y"] = {
            "type": "data",
            "array": _short([max(top - value, 0.0) for top, value in zip(high, values, strict=True)]),
            "arrayminus": _short([max(value - bottom, 0.0) for bottom, value in zip(low, values, strict=True)]),
            "thickness": 1,
            "width": 2,
        }
    layout = _layout(*titles, texts)
    layout["xaxis"]["range"] = [-0.04, 1.04]
    return {"data": [trace], "layout": layout}


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else float(value)


def _short(values: Sequence[float]) -> list[float]:
    return [float(f"{value:.5g}") for value in values]


def layout_of(x: dict[str, Any], y: dict[str, Any], top_margin: int = 10) -> dict[str, Any]:
    """Layout of every plot, from its two axes as plotly describes them; the margin is in pixels."""
    return {
        "xaxis": x,
        "yaxis": y,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "margin": {"l": 10, "r": 10, "t": top_margin, "b": 10},
        "hovermode": "closest",
        "modebar": {"bgcolor": _CLEAR},
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
    }


def _layout(x: str, y: str, texts: Catalogue) -> dict[str, Any]:
    numbers = texts.numbers
    first, second = ({"title": {"text": title}, "automargin": True} for title in (x, y))
    return layout_of(first, second) | {"separators": numbers.decimal + numbers.group}


def _is_skewed(table: pl.DataFrame, name: str) -> bool:
    """Whether a few large values, such as platinum's price, would squeeze all others together."""
    values = sorted(table[name].drop_nulls().to_list()) or [0.0]
    return bool(values[0] > 0 and values[-1] > _SKEWED * values[len(values) // 2])


def _trace(
    name: str,
    table: pl.DataFrame,
    axes: tuple[str, str],
    colour: str,
    symbol: str,
    size: int,
    bars: bool = False,
    named: bool = False,
) -> dict[str, Any]:
    if not set(axes) <= set(table.columns):
        table = pl.DataFrame(schema=dict.fromkeys(axes, pl.Float64) | {"formula": pl.String, "candidate_id": pl.String})
    table = table.drop_nulls(list(axes))
    labels = table.select(pl.concat_str(_html("formula"), pl.lit("<br>"), _html("candidate_id"))).to_series()
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers+text" if named else "markers",
        "name": name,
        "x": table[axes[0]].to_list(),
        "y": table[axes[1]].to_list(),
        "hovertext": labels.to_list(),
        "customdata": table["rank"].to_list() if "rank" in table.columns and not named else [],
        "hovertemplate": "%{hovertext}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
        "marker": {"color": colour, "symbol": symbol, "size": size, "line": {"width": 1.2, "color": colour}},
    }
    if named:
        # From left to right, names stand above and below their points by turns, so that they overlap less.
        places = table[axes[0]].rank("ordinal").to_list()
        sides = ["top center" if place % 2 else "bottom center" for place in places]
        trace |= {"text": table.select(_html("formula")).to_series().to_list(), "textposition": sides}
    if bars:
        trace |= {f"error_{axis}": _error_bar(table, name) for axis, name in zip("xy", axes, strict=True)}
    return trace


def _error_bar(table: pl.DataFrame, name: str) -> dict[str, Any]:
    ends = interval_names(name, table.columns)
    if ends is None:
        return {"visible": False}
    above = table.select((pl.col(ends[1]) - pl.col(name)).clip(0).fill_null(0.0)).to_series().to_list()
    below = table.select((pl.col(name) - pl.col(ends[0])).clip(0).fill_null(0.0)).to_series().to_list()
    return {"type": "data", "array": above, "arrayminus": below, "thickness": 1, "width": 2}


def _html(name: str) -> pl.Expr:
    """Escape text from files, because plotly renders simple HTML."""
    text = pl.col(name).fill_null("")
    for letter, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.str.replace_all(letter, entity, literal=True)
    return text
