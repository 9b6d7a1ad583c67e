"""The page about accuracy is complete, loads nothing, shows the scores, and escapes text from files."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from helpers.measured import made_up

from screening.learning.baselines import Baselines
from screening.learning.evaluation import find, score
from screening.learning.measured import Measured
from screening.report.evaluation_page import EvaluationContent, render_evaluation
from screening.report.evaluation_plots import POINTS

HOSTILE = "</script><script>alert(1)</script>"


def content(measured: Measured, name: str = "mp-1") -> EvaluationContent:
    groups = {"halides": np.arange(len(measured)) % 2 == 0, "elements": np.arange(len(measured)) < 3}
    scores = score(measured, Baselines.without_training(measured.labels), groups)
    n = len(measured)
    return EvaluationContent("tiny", "the test split", ["Fe2O3"] * n, [name] * n, measured, None, scores)


def figures(page: str) -> dict[str, dict[str, object]]:
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.S)
    assert found is not None
    return json.loads(found[1])


def test_every_plot_has_its_place_and_its_points() -> None:
    measured = made_up(POINTS + 500)
    page = render_evaluation(content(measured))
    drawn = figures(page)
    assert len(drawn) == 16
    assert all(f'id="{name}"' in page for name in drawn)
    parity = drawn["band_gap_eV-parity"]["data"][1]  # type: ignore[index]
    assert len(parity["x"]) == POINTS
    widths = drawn["mu0_M_T-widths"]["data"]  # type: ignore[index]
    assert sum(sum(trace["y"]) for trace in widths) == np.isfinite(measured.labels[:, 3]).sum()
    assert not re.search(r"<(link|script|img)[^>]+(src|href)=[\"']?http", page)


def test_tables_show_the_scores_and_a_dash_for_small_groups() -> None:
    shown = content(made_up(flagged=0.3))
    page = render_evaluation(shown)
    found = find(shown.scores, "mu0_M_T")
    assert found is not None and f"{found.mae:.3g}" in page and f"{100 * found.coverage:.1f} %" in page
    small = page[page.index('<th scope="row">elements</th>') :]
    assert "–" in small[: small.index("</tr>")] and "%" not in small[: small.index("</tr>")]
    assert "out of domain" in page


def test_text_from_files_cannot_become_markup() -> None:
    page = render_evaluation(content(made_up(50), HOSTILE))
    assert HOSTILE not in page and "<script>alert" not in page


@pytest.mark.parametrize("crystals", [1, 25])
def test_few_crystals_and_empty_targets_make_a_page(crystals: int) -> None:
    measured = made_up(crystals, missing=0.0)
    labels = measured.labels.copy()
    labels[:, 2] = np.nan
    page = render_evaluation(content(replace(measured, labels=labels, high=measured.values, low=measured.values)))
    assert "Accuracy of tiny" in page and len(figures(page)) == 16
