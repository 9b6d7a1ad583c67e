"""Scores agree with those computed by hand, for every group and unit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.measured import made_up
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from screening.data.targets import TARGETS
from screening.learning.baselines import Baselines
from screening.learning.evaluation import (
    FLAGGED,
    NONTRIVIAL,
    UNFLAGGED,
    WITHOUT_MOMENTS,
    find,
    flagged_over_rest,
    score,
    strictest,
)
from screening.learning.measured import Measured
from screening.learning.quantities import quantities, reader_quantities

NO_GROUPS: dict[str, np.ndarray] = {}


def no_baselines(measured: Measured) -> Baselines:
    return Baselines.without_training(measured.labels)


@pytest.mark.parametrize("target", TARGETS)
def test_scores_are_those_of_scikit_learn(target: str) -> None:
    measured = made_up()
    i = measured.targets.index(target)
    found = find(score(measured, no_baselines(measured), NO_GROUPS), target)
    known = np.isfinite(measured.labels[:, i])
    label, value = measured.labels[known, i], measured.values[known, i]
    assert found is not None and found.n == known.sum()
    assert found.mae == pytest.approx(mean_absolute_error(label, value))
    assert found.rmse == pytest.approx(root_mean_squared_error(label, value))
    assert found.r2 == pytest.approx(r2_score(label, value))
    assert found.mae_constant == pytest.approx(np.abs(label - np.median(label)).mean())
    assert math.isnan(found.mae_composition)
    assert found.coverage == pytest.approx(0.8, abs=0.06)


def test_rows_that_are_not_trivial_are_those_above_the_threshold() -> None:
    measured = made_up()
    scores = score(measured, no_baselines(measured), NO_GROUPS)
    for target, known in TARGETS.items():
        label = measured.labels[:, measured.targets.index(target)]
        found = find(scores, target, rows=NONTRIVIAL)
        if known.trivial_below is None:
            assert found is None
        else:
            assert found is not None and found.n == (label > known.trivial_below).sum()


def test_magnetization_in_tesla_is_the_same_times_a_constant() -> None:
    measured = made_up()
    scores = score(measured, no_baselines(measured), NO_GROUPS)
    for rows in ("all", NONTRIVIAL):
        plain, tesla = find(scores, "magnetization_muB_per_A3", rows=rows), find(scores, "mu0_M_T", rows=rows)
        assert plain is not None and tesla is not None
        for figure in ("mae", "rmse", "width", "mae_constant"):
            assert getattr(tesla, figure) == pytest.approx(11.6541 * getattr(plain, figure))
        assert (tesla.r2, tesla.coverage, tesla.n) == (pytest.approx(plain.r2), plain.coverage, plain.n)
    # 1 µB/Å3 as a field: mu0 * mu_B / Å3 with CODATA's 4π 1e-7 N/A2 and 9.2740e-24 J/T
    assert quantities(["magnetization_muB_per_A3"])[1].factor == pytest.approx(
        4e-7 * math.pi * 9.27401e-24 / 1e-30, rel=1e-5
    )
    assert [q.name for q in reader_quantities(tuple(TARGETS))][-1] == "mu0_M_T"


def test_a_group_is_scored_as_if_it_were_alone() -> None:
    measured = made_up()
    mask = np.random.default_rng(1).random(len(measured)) < 0.3
    alone = Measured(
        measured.targets, measured.rows[mask], measured.labels[mask], measured.values[mask], measured.low[mask],
        measured.high[mask], None, 0, 1.0,
    )  # fmt: skip
    nan = Baselines(np.full(4, np.nan), np.full((len(measured), 4), np.nan))
    grouped = score(measured, nan, {"some": mask, "none": np.zeros(len(measured), dtype=bool)})
    assert {s.group for s in grouped} == {"all", "some"}
    for whole in score(alone, Baselines(nan.constant, nan.composition[mask]), NO_GROUPS):
        found = find(grouped, whole.target, "some", whole.rows)
        assert found is not None and (found.n, found.mae, found.width) == (whole.n, whole.mae, whole.width)


def test_flagged_crystals_are_shown_beside_the_rest_with_the_ratio_of_their_errors() -> None:
    measured = made_up(4000, flagged=0.25)
    scores = score(measured, no_baselines(measured), NO_GROUPS)
    ratios = flagged_over_rest(scores)
    assert set(ratios) == {q.name for q in quantities(measured.targets)}
    assert all(ratio == pytest.approx(3.0, rel=0.15) for ratio in ratios.values())
    pair = [find(scores, "band_gap_eV", group) for group in (FLAGGED, UNFLAGGED)]
    assert sum(s.n for s in pair if s) == np.isfinite(measured.labels[:, 2]).sum()
    assert flagged_over_rest(score(replace(measured, out_of_domain=None), no_baselines(measured), NO_GROUPS)) == {}


def test_the_ends_of_an_interval_belong_to_it() -> None:
    one = np.ones((3, 1))
    measured = Measured(("band_gap_eV",), np.arange(3), one, one, one, one, None, 0, 1.0)
    found = strictest(score(measured, no_baselines(measured), NO_GROUPS), "band_gap_eV")
    assert found is not None and found.coverage == 1.0 and found.width == 0.0 and math.isnan(found.r2)


def test_a_target_without_a_label_has_no_scores() -> None:
    measured = made_up()
    labels = measured.labels.copy()
    labels[:, 2] = np.nan
    scores = score(replace(measured, labels=labels), no_baselines(measured), NO_GROUPS)
    assert "band_gap_eV" not in {s.target for s in scores}


def test_magnetizations_of_calculations_without_moments_are_scored_apart() -> None:
    whole = made_up()
    lost = np.arange(len(whole)) % 5 == 0
    i = whole.targets.index("magnetization_muB_per_A3")
    spoilt = replace(whole, values=np.where(lost[:, None], whole.values + 1.0, whole.values), without_moments=lost)
    found = score(spoilt, no_baselines(spoilt), NO_GROUPS)
    main, apart = (find(found, "mu0_M_T", group) for group in ("all", WITHOUT_MOMENTS))
    assert main is not None and apart is not None
    assert apart.mae > 11 > main.mae
    assert main.n + apart.n == np.isfinite(whole.labels[:, i]).sum()
    assert find(found, "band_gap_eV", WITHOUT_MOMENTS) is None
