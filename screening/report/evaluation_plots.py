"""Plots of an evaluation as plotly figures: parity, calibration, interval widths, errors by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.learning.calibration import nontrivial
from screening.learning.evaluation import EVERYTHING, FEWEST, Scores, strictest
from screening.learning.measured import Measured
from screening.learning.quantities import Quantity
from screening.learning.reliability import LEVELS, level_factors, observed_coverage
from screening.report.plots import BLUE, GREEN, ORANGE, layout_of
from screening.tabular.quantiles import COVERAGE

POINTS = 3000
_WIDTH_BINS = 50
_AXIS: dict[str, Any] = {"automargin": True}
_SQUARE: dict[str, Any] = {"constrain": "domain", **_AXIS}
Floats = NDArray[np.float64]


def parity(measured: Measured, quantity: Quantity, names: Sequence[str], rng: np.random.Generator) -> dict[str, Any]:
    """Predicted against calculated values, coloured by interval width; a random sample of at most 3,000 crystals.

    Args:
        measured: Predictions and labels.
        quantity: The quantity to plot.
        names: A name for each crystal, as HTML.
        rng: Draws the sample.
    """
    i = measured.targets.index(quantity.target)
    rows = np.flatnonzero(np.isfinite(measured.labels[:, i]))
    if len(rows) > POINTS:
        rows = np.sort(rng.choice(rows, POINTS, replace=False))
    label, value = (part[rows, i] * quantity.factor for part in (measured.labels, measured.values))
    width = (measured.high - measured.low)[rows, i] * quantity.factor
    wide = np.argsort(width)  # wide intervals are few, so they are drawn on top
    ends = _ends(np.concatenate([label, value]))
    points = {
        "type": "scattergl",
        "mode": "markers",
        "x": _rounded(label[wide]),
        "y": _rounded(value[wide]),
        "hovertext": [names[rows[j]] for j in wide],
        "hovertemplate": "%{hovertext}<br>calculated %{x:.4g}, predicted %{y:.4g}, "
        "interval %{marker.color:.3g} wide<extra></extra>",
        "marker": {
            "size": 5,
            "opacity": 0.6,
            "color": _rounded(width[wide]),
            "colorscale": "Viridis",
            "reversescale": True,
            "cmin": 0.0,
            "cmax": _significant(float(np.quantile(width, 0.95))) if len(width) else 1.0,
            "colorbar": {"title": {"text": f"interval width, {quantity.unit}", "side": "right"}, "thickness": 12},
        },
        "showlegend": False,
    }
    line = {"type": "scatter", "mode": "lines", "x": ends, "y": ends, "hoverinfo": "skip", "showlegend": False}
    axes = {"range": ends, **_SQUARE}
    return _figure(
        [{**line, "line": {"color": ORANGE, "width": 1.5}}, points],
        {**axes, "title": {"text": f"calculated, {quantity.unit}"}},
        {**axes, "title": {"text": f"predicted, {quantity.unit}"}, "scaleanchor": "x", "scaleratio": 1},
    )


def calibration(measured: Measured, reference: Measured | None, quantity: Quantity) -> dict[str, Any]:
    """Expected against observed coverage of intervals of 10 to 95 %.

    Args:
        measured: Predictions and labels.
        reference: The calibration split, from which widths at other levels than 80 % follow; None: a Laplace law.
        quantity: The quantity to plot.
    """
    i = measured.targets.index(quantity.target)
    label = measured.labels[:, i]
    known = np.isfinite(label)
    counted = known & nontrivial(quantity.target, label)
    factors = level_factors(reference, quantity.target)
    levels = (100 * LEVELS).tolist()
    series = [("rows that are not trivially zero", counted, BLUE, "circle", "solid")]
    if counted.sum() < known.sum():
        series.append(("all rows", known, GREEN, "diamond-open", "dot"))
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [0, 100],
            "y": [0, 100],
            "name": "ideal",
            "line": {"color": ORANGE, "width": 1.5},
            "hoverinfo": "skip",
        }
    ]
    for name, rows, colour, symbol, dash in series:
        if rows.any():
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "x": levels,
                    "y": (100 * observed_coverage(measured, i, factors, rows)).round(2).tolist(),
                    "name": name if len(series) > 1 else "all rows",
                    "line": {"color": colour, "dash": dash},
                    "marker": {"symbol": symbol, "size": 7},
                    "hovertemplate": "expected %{x:.0f} %, observed %{y:.1f} %<extra></extra>",
                }
            )
    axes = {"range": [0, 100], "dtick": 20, **_SQUARE}
    return _figure(
        traces,
        {**axes, "title": {"text": "expected coverage, %"}},
        {**axes, "title": {"text": "observed coverage, %"}, "scaleanchor": "x", "scaleratio": 1},
    )


def widths(measured: Measured, quantity: Quantity) -> dict[str, Any]:
    """Distribution of the widths of the 80 % intervals, split by whether they contain the label."""
    i = measured.targets.index(quantity.target)
    rows = np.isfinite(measured.labels[:, i])
    low, high, label = (part[rows, i] * quantity.factor for part in (measured.low, measured.high, measured.labels))
    width, inside = high - low, (low <= label) & (label <= high)
    positive = width[width > 0]
    if not len(positive):
        return _figure([], {}, {})
    edges = np.geomspace(np.quantile(positive, 0.001), np.quantile(positive, 0.999) * 1.001, _WIDTH_BINS + 1)
    centres, spans = np.sqrt(edges[1:] * edges[:-1]), np.diff(edges)
    traces = []
    for name, chosen, colour in (("label inside", inside, BLUE), ("label outside", ~inside, ORANGE)):
        counts, _ = np.histogram(np.clip(width[chosen], edges[0], edges[-1]), edges)
        traces.append(
            {
                "type": "bar",
                "x": _rounded(centres),
                "y": counts.tolist(),
                "width": _rounded(spans),
                "name": name,
                "marker": {"color": colour},
                "hovertemplate": "%{y} crystals about %{x:.3g} wide<extra></extra>",
            }
        )
    figure = _figure(
        traces,
        {"title": {"text": f"width of the 80 % interval, {quantity.unit}"}, "type": "log", "dtick": "D2", **_AXIS},
        {"title": {"text": "crystals"}, **_AXIS},
    )
    figure["layout"] |= {"barmode": "stack", "bargap": 0}
    return figure


def by_group(scores: Sequence[Scores], quantity: Quantity, groups: Sequence[str]) -> dict[str, Any]:
    """Mean absolute error and coverage of each chemical group; a line marks the error of all crystals."""
    whole = strictest(scores, quantity.name, EVERYTHING)
    found = [strictest(scores, quantity.name, group) for group in groups]
    known = [s for s in found if s is not None and s.n >= FEWEST]
    known.sort(key=lambda s: s.mae)
    names = [f"{s.group} ({s.n:,})" for s in known]
    if whole is None or not known:
        return _figure([], {}, {})
    text = [f"{s.mae:.3g} · {100 * s.coverage:.0f} %" for s in known]
    low = [s.coverage < COVERAGE - 0.1 for s in known]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [float(f"{s.mae:.4g}") for s in known],
        "y": names,
        "text": text,
        "textposition": "outside",
        "marker": {"color": [ORANGE if poor else BLUE for poor in low]},
        "hovertemplate": "%{y}<br>%{text}<extra></extra>",
        "showlegend": False,
    }
    figure = _figure(
        [bars],
        {"title": {"text": f"mean absolute error, {quantity.unit}"}, "range": [0, 1.4 * known[-1].mae], **_AXIS},
        _AXIS,
    )
    line = {"type": "line", "x0": whole.mae, "x1": whole.mae, "y0": 0, "y1": 1, "yref": "paper", "layer": "below"}
    figure["layout"]["shapes"] = [{**line, "line": {"color": GREEN, "width": 2, "dash": "dash"}}]
    return figure


def _figure(traces: list[dict[str, Any]], x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    return {"data": traces, "layout": layout_of(x, y, top_margin=30)}


def _ends(values: Floats) -> list[float]:
    if not len(values):
        return [0.0, 1.0]
    low, high = float(values.min()), float(values.max())
    pad = 0.03 * (high - low) or 0.5
    return [_significant(low - pad), _significant(high + pad)]


def _rounded(values: Floats) -> list[float]:
    """Four digits are enough for a plot and take a third of the bytes."""
    return [_significant(float(value)) for value in values]


def _significant(value: float) -> float:
    return float(f"{value:.4g}")
