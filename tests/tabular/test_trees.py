"""Exported ensembles predict what scikit-learn predicts, and refuse to load when they are not sound."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from screening.errors import RequestError
from screening.tabular.trees import TreeEnsemble, from_boosting, from_forest

WIDTH = 6


@pytest.fixture(scope="module")
def data() -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(600, WIDTH)).astype(np.float32)
    features[:, 3] = np.round(features[:, 3])  # thresholds between equal values
    target = 200 + 50 * features[:, 0] * features[:, 3] + 10 * rng.normal(size=600)
    features[rng.uniform(size=features.shape) < 0.15] = np.nan
    return features, target


@pytest.fixture(scope="module")
def unseen() -> NDArray[np.float32]:
    rng = np.random.default_rng(1)
    features = np.round(2 * rng.normal(size=(3000, WIDTH)), 1).astype(np.float32)
    features[rng.uniform(size=features.shape) < 0.3] = np.nan
    features[0], features[1] = np.inf, -np.inf
    return features


def test_boosted_regression_equals_scikit_learn(data, unseen) -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(max_iter=40, max_leaf_nodes=12, random_state=0).fit(*data)
    ours = from_boosting(model).predict(unseen)
    assert ours.shape == (len(unseen), 1)
    np.testing.assert_allclose(ours[:, 0], model.predict(unseen), rtol=1e-6)


def test_boosted_classes_equal_scikit_learn(data, unseen) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    features, target = data
    classes = np.digitize(target, [150, 200, 250])
    model = HistGradientBoostingClassifier(max_iter=15, random_state=0).fit(features, classes)
    scores = from_boosting(model).predict(unseen)
    probabilities = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, model.predict_proba(unseen), atol=1e-6)
    two = HistGradientBoostingClassifier(max_iter=15, random_state=0).fit(features, target > 200)
    np.testing.assert_allclose(from_boosting(two).predict(unseen)[:, 0], two.decision_function(unseen), atol=1e-6)


def test_extra_trees_equal_scikit_learn(data, unseen) -> None:
    from sklearn.ensemble import ExtraTreesRegressor

    model = ExtraTreesRegressor(20, min_samples_leaf=2, random_state=0).fit(*data)
    finite = np.where(np.isinf(unseen), 0, unseen)
    np.testing.assert_allclose(from_forest(model, 0.5).predict(finite)[:, 0], 0.5 * model.predict(finite), rtol=1e-6)


def test_kept_trees_are_the_same_and_small(data, unseen) -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    ensemble = from_boosting(HistGradientBoostingRegressor(max_iter=10, random_state=0).fit(*data))
    tensors = ensemble.tensors("a")
    again = TreeEnsemble.from_tensors(tensors, "a", WIDTH)
    np.testing.assert_array_equal(again.predict(unseen), ensemble.predict(unseen))
    assert sum(array.nbytes for array in tensors.values()) < 10 * len(ensemble.number) + 200
    assert again.predict(unseen[:0]).shape == (0, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("feature", WIDTH),
        ("feature", -1),
        ("offset", 60000),
        ("roots", 10**6),
        ("outputs", 3),
        ("number", np.nan),
        ("baseline", np.inf),
    ],
)
def test_unsound_trees_are_refused(data, name: str, value: float) -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    tensors = from_boosting(HistGradientBoostingRegressor(max_iter=2, random_state=0).fit(*data)).tensors("tc")
    tensors[f"tc.{name}"][0] = value
    with pytest.raises(RequestError, match="'tc' are not sound"):
        TreeEnsemble.from_tensors(tensors, "tc", WIDTH)
    del tensors[f"tc.{name}"]
    with pytest.raises(RequestError, match=f"tc.{name}"):
        TreeEnsemble.from_tensors(tensors, "tc", WIDTH)


def test_trees_of_other_shapes_and_types_are_refused(data) -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    tensors = from_boosting(HistGradientBoostingRegressor(max_iter=2, random_state=0).fit(*data)).tensors("tc")
    for wrong in (tensors["tc.offset"][:-1], tensors["tc.offset"].astype(np.float32)):
        with pytest.raises(RequestError, match="not sound"):
            TreeEnsemble.from_tensors({**tensors, "tc.offset": wrong}, "tc", WIDTH)
