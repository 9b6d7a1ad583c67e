"""Coverage at every level: intervals from the distribution of the errors hold, wrong ones visibly fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.measured import made_up

from screening.data.targets import TARGETS
from screening.learning.reliability import LEVELS, half_widths, level_factors, observed_coverage

GAP = "band_gap_eV"


def test_levels_run_from_10_to_95_percent_and_the_factor_at_80_is_one() -> None:
    assert LEVELS[0] == 0.1 and LEVELS[-1] == 0.95 and 0.8 in LEVELS
    laplace = level_factors(None, GAP)
    assert laplace[LEVELS == 0.8] == pytest.approx(1.0)
    assert (np.diff(laplace) > 0).all()


@pytest.mark.parametrize("target", range(4))
def test_laplace_errors_are_covered_as_expected_at_every_level(target: int) -> None:
    measured, other = made_up(20_000, seed=1), made_up(20_000, seed=2)
    rows = np.isfinite(measured.labels[:, target])
    for reference in (None, other):
        observed = observed_coverage(measured, target, level_factors(reference, tuple(TARGETS)[target]), rows)
        assert observed == pytest.approx(LEVELS, abs=0.02)


def test_intervals_half_as_wide_are_seen_to_fail_unless_calibration_says_so() -> None:
    measured, other = made_up(20_000, seed=1), made_up(20_000, seed=2)
    half = [replace(m, low=(m.low + m.values) / 2, high=(m.high + m.values) / 2) for m in (measured, other)]
    rows = np.isfinite(measured.labels[:, 0])
    assert observed_coverage(half[0], 0, level_factors(None, GAP), rows)[LEVELS == 0.8] < 0.6
    assert observed_coverage(half[0], 0, level_factors(half[1], next(iter(TARGETS))), rows) == pytest.approx(
        LEVELS, abs=0.02
    )


def test_few_calibration_crystals_are_not_trusted() -> None:
    assert level_factors(made_up(15), GAP) == pytest.approx(level_factors(None, GAP))


def test_a_calibration_set_without_the_target_is_no_reference_for_it() -> None:
    gaps = made_up(300)
    without = replace(gaps, targets=gaps.targets[:1], labels=gaps.labels[:, :1], values=gaps.values[:, :1],
                      low=gaps.low[:, :1], high=gaps.high[:, :1])  # fmt: skip
    assert level_factors(without, GAP) == pytest.approx(level_factors(None, GAP))


def test_an_arm_cut_off_at_a_physical_bound_does_not_count() -> None:
    measured = made_up(100)
    cut = replace(measured, low=np.maximum(measured.low, measured.values - 1e-6))
    assert half_widths(cut, 0) == pytest.approx(half_widths(measured, 0))
