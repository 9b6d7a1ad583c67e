"""Conformal factors give the promised coverage on non-trivial rows."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.labelled import small_store
from helpers.models import tiny_release

from screening.learning.calibration import (
    Errors,
    calibrate,
    kind_factors,
    nontrivial,
    predict_labelled,
)
from screening.learning.data import DataSettings, labelled_graphs
from screening.networks.released_model import load_release
from screening.tabular.quantiles import conformal_quantile


def test_quantile_is_the_finite_sample_one() -> None:
    assert conformal_quantile(np.arange(1.0, 100.0)) == 80.0  # ceil(100 x 0.8)
    assert conformal_quantile(np.array([3.0, 1.0])) == 3.0


def test_coverage_holds_on_new_draws() -> None:
    rng = np.random.default_rng(0)
    covered = [(rng.exponential(size=50) <= conformal_quantile(rng.exponential(size=200))).mean() for _ in range(300)]
    assert np.mean(covered) == pytest.approx(0.80, abs=0.01)


def test_zero_labels_do_not_narrow_the_interval() -> None:
    assert nontrivial("band_gap_eV", np.array([0.0, 0.05, 0.5, np.nan])).tolist() == [False, False, True, False]
    assert nontrivial("formation_energy_eV_per_atom", np.array([-1.0, 0.0])).all()


def test_calibrated_model_covers_the_calibration_rows(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("calibration")
    store = small_store(folder / "store", 100)
    model, config = load_release(tiny_release(folder / "model"))
    settings = DataSettings(store.path, config.targets)
    rows = np.arange(100)
    data = labelled_graphs(store, rows, settings, config.graph)
    calibrate(model, data, 200)
    values, half = predict_labelled(model, data, 200)
    labels = data.labels.double().numpy()
    for i, target in enumerate(config.targets):
        chosen = nontrivial(target, labels[:, i])
        inside = np.abs(values[chosen, i] - labels[chosen, i]) <= half[chosen, i] + 1e-9
        assert inside.mean() == pytest.approx(0.8, abs=0.06), target  # ceil(0.8 (n + 1)) of n


def errors(ratios: np.ndarray, kind: np.ndarray, crystals_a_system: int = 1) -> Errors:
    return Errors(ratios, kind, np.arange(len(ratios)) // crystals_a_system)


def test_each_kind_has_the_factor_that_covers_it_and_a_rare_one_borrows() -> None:
    rng = np.random.default_rng(1)
    kind = np.repeat([0, 1, 2], [4000, 4000, 3])
    ratios = rng.exponential(size=len(kind)) * np.array([1.0, 3.0, 50.0])[kind]
    factors = kind_factors(errors(ratios, kind))
    assert factors[0] == pytest.approx(np.log(5), rel=0.07) and factors[1] == pytest.approx(3 * np.log(5), rel=0.07)
    everything = np.quantile(ratios, 0.8)
    assert everything < factors[2] < 3 * everything  # three crystals have little weight
    assert factors[3] == pytest.approx(everything, rel=0.01)  # none has no weight
    fresh = rng.exponential(size=4000) * 3.0
    assert 0.79 < (fresh / factors[1] <= 1).mean() < 0.83


@pytest.mark.ci
def test_three_of_four_calibrations_reach_the_coverage_though_systems_differ() -> None:
    """Errors of a system share a scale, so 400 crystals of 40 systems are worth about 50 independent ones."""
    covered = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        scale = np.repeat(rng.lognormal(0, 0.7, 40), 10)
        factor = kind_factors(errors(scale * rng.exponential(size=400), np.zeros(400, dtype=int), 10))[0]
        fresh = rng.lognormal(0, 0.7, 20_000) * rng.exponential(size=20_000)
        covered.append((fresh <= factor).mean())
    assert 0.65 < np.mean(np.array(covered) >= 0.8) < 0.88
    assert np.mean(covered) < 0.85
