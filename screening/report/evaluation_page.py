"""The page about a model's accuracy: one self-contained HTML file with tables and plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from screening.learning.card_tables import chemical_groups
from screening.learning.evaluation import EVERYTHING, FEWEST, FLAGGED, UNFLAGGED, Scores, strictest
from screening.learning.measured import Measured
from screening.learning.quantities import Quantity, reader_quantities
from screening.report.evaluation_plots import POINTS, by_group, calibration, parity, widths
from screening.report.templating import environment, own_script, plotly_script

WORST = 10
_SEED = 0


@dataclass(frozen=True)
class EvaluationContent:
    """What the page shows.

    Attributes:
        model: Name of the model.
        measured_on: The data in words.
        formulas: (B,) formulas of the measured crystals.
        ids: (B,) their ids.
        measured: Predictions and labels of the crystals.
        calibration: The same of the calibration split, if there is one.
        scores: Scores by quantity and chemical group.
        learned: What the model may have learned of the crystals, in words.
    """

    model: str
    measured_on: str
    formulas: Sequence[str]
    ids: Sequence[str]
    measured: Measured
    calibration: Measured | None
    scores: Sequence[Scores]
    learned: str = ""


def render_evaluation(content: EvaluationContent) -> str:
    """The page as HTML; all text from files is escaped."""
    chosen = reader_quantities(content.measured.targets)
    names = [f"{_html(formula)}<br>{_html(name)}" for formula, name in zip(content.formulas, content.ids, strict=True)]
    sections = [_section(content, quantity, names) for quantity in chosen]
    context = {
        "model": content.model,
        "measured_on": content.measured_on,
        "crystals": len(content.measured),
        "left_out": content.measured.left_out,
        "learned": content.learned,
        "quantities": chosen,
        "groups": [
            (group, [_cells(strictest(content.scores, quantity.name, group)) for quantity in chosen])
            for group in (EVERYTHING, *chemical_groups(content.scores), FLAGGED, UNFLAGGED)
            if any(s.group == group for s in content.scores)
        ],
        "sections": sections,
        "figures": {key: figure for section in sections for key, figure in section["figures"].items()},
        "points": POINTS,
        "fewest": FEWEST,
        "calibrated": content.calibration is not None,
        "scripts": [plotly_script(), own_script("evaluation.js")],
    }
    return environment().get_template("evaluation.html").render(context)


def _section(content: EvaluationContent, quantity: Quantity, names: list[str]) -> dict[str, Any]:
    measured, scores = content.measured, content.scores
    figures = {
        "parity": parity(measured, quantity, names, np.random.default_rng(_SEED)),
        "calibration": calibration(measured, content.calibration, quantity),
        "widths": widths(measured, quantity),
        "groups": by_group(scores, quantity, chemical_groups(scores)),
    }
    return {
        "name": quantity.name,
        "label": quantity.label,
        "unit": quantity.unit,
        "scores": [s for s in scores if s.target == quantity.name and s.group == EVERYTHING],
        "worst": _worst(content, quantity),
        "figures": {f"{quantity.name}-{kind}": figure for kind, figure in figures.items()},
    }


def _worst(content: EvaluationContent, quantity: Quantity) -> list[dict[str, Any]]:
    """The largest errors, so that a reader sees what kind of crystal, or of label, is behind them."""
    measured = content.measured
    i = measured.targets.index(quantity.target)
    error = np.nan_to_num(np.abs(measured.values[:, i] - measured.labels[:, i]), nan=-1.0)
    rows = [row for row in np.argsort(-error)[:WORST] if error[row] >= 0]
    parts = {"label": measured.labels, "value": measured.values, "low": measured.low, "high": measured.high}
    return [
        {"formula": content.formulas[row], "id": content.ids[row]}
        | {name: float(array[row, i] * quantity.factor) for name, array in parts.items()}
        for row in rows
    ]


def _cells(s: Scores | None) -> dict[str, str] | None:
    if s is None or s.n < FEWEST:
        return None
    return {
        "mae": f"{s.mae:.3g}",
        "coverage": f"{100 * s.coverage:.0f} %",
        "width": f"{s.width:.3g}",
        "n": f"{s.n:,}",
        "low": "low" if s.coverage < 0.7 else "",
    }


def _html(text: str) -> str:
    """Escape text from files, because plotly renders simple HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
