"""Curie temperatures: errors and intervals on unseen systems, the release, invariances."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from screening.chemistry.compositions import chemical_system, formula_counts
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.data.splits import split_of
from screening.errors import RequestError
from screening.materials.arrays import interval_columns
from screening.materials.magnets.curie.curie import COLUMN, CURIE_COLUMNS, CurieModel
from screening.materials.magnets.curie.curie_card import curie_card
from screening.materials.magnets.curie.curie_data import CurieExamples
from screening.materials.magnets.curie.curie_features import curie_feature_names, curie_features
from screening.materials.magnets.curie.curie_fit import curie_report, fit_curie
from screening.tabular.composition_features import Compositions
from screening.tabular.fit_settings import ForestFitSettings
from screening.tabular.interval_forest import ForestSettings
from screening.tabular.kernel_ridge import KernelSettings

SETTINGS = ForestFitSettings(
    ForestSettings(
        n_trees=4, least_rows=2, tried=0.5, powers=(1.0, 2.0), error_trees=4, kernel=KernelSettings(columns=20)
    ),
    n_seeds=1,
)


@pytest.fixture(scope="module")
def examples() -> CurieExamples:
    """Synthetic rule: the temperature follows the share of iron and cobalt; the noise grows with it."""
    rng = np.random.default_rng(0)
    metals, others = ("Mn", "Fe", "Co", "Gd"), ("Al", "Si", "Y", "O", "B", "Ge", "Ti", "Zr", "Sn", "C", "P", "La")
    counts = np.zeros((500, len(SYMBOLS)))
    for row in counts:
        row[ATOMIC_NUMBERS[str(rng.choice(metals))]] = rng.integers(1, 9)
        for symbol in rng.choice(others, 2, replace=False):
            row[ATOMIC_NUMBERS[str(symbol)]] = rng.integers(1, 5)
    share = counts / counts.sum(1, keepdims=True)
    strong = share[:, ATOMIC_NUMBERS["Fe"]] + share[:, ATOMIC_NUMBERS["Co"]]
    temperature = (20 + 1000 * strong) * np.exp(0.1 * rng.normal(size=len(counts)))
    systems = np.array([chemical_system(row) for row in counts])
    return CurieExamples(counts, temperature, np.ones(len(counts)), np.ones(len(counts), bool), systems, {})


@pytest.fixture(scope="module")
def fitted(examples: CurieExamples) -> CurieModel:
    return fit_curie(examples, SETTINGS, 0)[0]


def test_unseen_systems_are_predicted_and_covered(examples: CurieExamples, fitted: CurieModel) -> None:
    report = curie_report([fitted], examples, SETTINGS, np.zeros(len(examples), bool))
    scores = report["scores"]["all"]
    assert scores["mae"] < 0.4 * scores["constant"]
    assert 0.65 < scores["coverage"] < 0.95
    assert "with a crystal" not in report["scores"]
    card = curie_card(json.loads(json.dumps(report)))
    assert f"**{scores['mae']:.1f}**" in card


def test_test_and_calibration_values_are_not_learned(examples: CurieExamples, fitted: CurieModel) -> None:
    hidden = np.array([split_of(system) in {"test", "calibration"} for system in examples.systems])
    nonsense = np.where(hidden, 7.0, examples.temperature_K)
    other, _ = fit_curie(replace(examples, temperature_K=nonsense), SETTINGS, 0)
    one, two = (fit.predict(examples.counts)[:, 0] for fit in (fitted, other))
    np.testing.assert_array_equal(one, two)


def test_a_part_is_the_same_after_saving_and_loading(fitted: CurieModel, examples: CurieExamples) -> None:
    part = fitted.to_part()
    kept = replace(part, settings=json.loads(json.dumps(part.settings)))
    np.testing.assert_array_equal(CurieModel.from_part(kept).predict(examples.counts), fitted.predict(examples.counts))
    with pytest.raises(RequestError, match="other features"):
        CurieModel.from_part(replace(kept, settings={**kept.settings, "features": ["a"]}))
    with pytest.raises(RequestError, match="not sqrt"):
        CurieModel.from_part(replace(kept, settings={**kept.settings, "target": "K"}))
    with pytest.raises(RequestError, match="factor"):
        CurieModel.from_part(replace(kept, tensors={**kept.tensors, "factor": np.zeros((2, 2))}))


def test_scale_of_the_formula_and_order_of_rows_do_not_matter(fitted: CurieModel) -> None:
    counts = formula_counts(["Fe3Al", "Fe9Al3", "Fe0.75Al0.25", "GdAl2"])
    found = fitted.predict(counts)
    np.testing.assert_allclose(found[0], found[1])
    np.testing.assert_allclose(found[0], found[2])
    np.testing.assert_allclose(fitted.predict(counts[::-1])[::-1], found)
    assert np.all(found[:, 1] <= found[:, 0])
    assert np.all(found[:, 0] <= found[:, 2])
    assert np.all(found[:, 1] >= 0)


def test_nonmagnetic_compositions_have_no_curie_temperature(fitted: CurieModel) -> None:
    table = pl.DataFrame(interval_columns(COLUMN, fitted.predict(formula_counts(["Al2O3", "Fe2O3"]))))
    assert tuple(table.columns) == CURIE_COLUMNS
    assert table["curie_temperature_K"].null_count() == 1
    assert pl.DataFrame(interval_columns(COLUMN, fitted.predict(np.zeros((0, 119))))).height == 0


def test_features_are_finite_and_describe_the_magnetic_elements() -> None:
    features = curie_features(Compositions.of(formula_counts(["Fe", "Fe3Al", "SmCo5", "Al2O3", "Co2FeSi"])))
    assert features.shape[1] == len(curie_feature_names()) == len(set(curie_feature_names()))
    assert np.isfinite(features).all()
    column = curie_feature_names().index("magnetic valence per atom")
    # 10 - 8 of iron, 10 - 9 of cobalt, -4 of silicon
    np.testing.assert_allclose(features[[0, 4], column], [2.0, (2 * 1 + 2 - 4) / 4])


def test_too_few_measurements_are_refused(examples: CurieExamples) -> None:
    rows = examples.systems == examples.systems[0]
    arrays = (examples.counts, examples.temperature_K, examples.weight, examples.literature, examples.systems)
    few = CurieExamples(*(array[rows] for array in arrays), {})
    with pytest.raises(RequestError, match="needed"):
        fit_curie(few, SETTINGS, 0)
