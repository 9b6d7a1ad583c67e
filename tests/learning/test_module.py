"""The learning-rate schedule and the weights of the targets."""

from __future__ import annotations

import pytest
from helpers.models import tiny_model

from screening.errors import RequestError
from screening.learning.module import OptimiserSettings, PropertyLearning


def test_rate_rises_then_falls_and_ends_near_zero() -> None:
    learning = PropertyLearning(tiny_model(), OptimiserSettings(total_steps=1000, warmup_fraction=0.1))
    rates = [learning.rate(step) for step in range(1001)]
    assert max(rates) == pytest.approx(1.0) and rates.index(max(rates)) in (99, 100)
    assert rates[:100] == sorted(rates[:100]) and rates[100:] == sorted(rates[100:], reverse=True)
    assert rates[-1] == pytest.approx(0.005)


def test_target_weights_are_those_of_the_targets_unless_given_for_all() -> None:
    assert PropertyLearning(tiny_model(), OptimiserSettings(1)).target_weights.tolist() == [5.0, 1.0, 2.0, 3.0]
    given = OptimiserSettings(1, target_weights=(4.0, 1.0, 2.0, 1.0))
    assert PropertyLearning(tiny_model(), given).target_weights.tolist() == [4.0, 1.0, 2.0, 1.0]
    with pytest.raises(RequestError, match="expected 4 numbers, got 2"):
        PropertyLearning(tiny_model(), OptimiserSettings(1, target_weights=(1.0, 2.0)))


def test_the_rate_decays_by_the_time_limit() -> None:
    learning = PropertyLearning(tiny_model(), OptimiserSettings(1000))
    by_steps = learning.rate(500)
    learning.time_share = lambda: 0.9
    assert learning.rate(500) < 0.1 < by_steps
    learning.time_share = lambda: 1.3
    assert learning.rate(500) == learning.rate(1000) == pytest.approx(0.005)
