"""Exported ensembles predict what scikit-learn predicts, and refuse to load when they are not sound."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from screening.errors import RequestError
from screening.tabular.release import FittedPart
from screening.tabular.tree_ensemble import TreeEnsemble, from_forest, stacked

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


def test_extra_trees_equal_scikit_learn(data, unseen) -> None:
    from sklearn.ensemble import ExtraTreesRegressor

    model = ExtraTreesRegressor(20, min_samples_leaf=2, random_state=0).fit(*data)
    finite = np.where(np.isinf(unseen), 0, unseen)
    np.testing.assert_allclose(from_forest(model, 0.5).predict(finite)[:, 0], 0.5 * model.predict(finite), rtol=1e-6)


@pytest.fixture(scope="module")
def ensemble(data) -> TreeEnsemble:
    from sklearn.ensemble import ExtraTreesRegressor

    return from_forest(ExtraTreesRegressor(5, random_state=0).fit(*data))


def test_kept_trees_are_the_same_and_small(ensemble: TreeEnsemble, unseen) -> None:
    tensors = ensemble.tensors("a")
    again = TreeEnsemble.from_part(FittedPart({}, tensors), "a", WIDTH)
    np.testing.assert_array_equal(again.predict(unseen), ensemble.predict(unseen))
    assert sum(array.nbytes for array in tensors.values()) < 10 * len(ensemble.number) + 200
    assert again.predict(unseen[:0]).shape == (0, 1)


def test_stacked_ensembles_give_the_outputs_of_each(data, ensemble: TreeEnsemble, unseen) -> None:
    from sklearn.ensemble import ExtraTreesRegressor

    other = from_forest(ExtraTreesRegressor(3, max_depth=4, random_state=1).fit(*data))
    both = stacked([ensemble, other]).predict(unseen)
    np.testing.assert_allclose(both, np.hstack([ensemble.predict(unseen), other.predict(unseen)]), rtol=1e-12)


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
def test_unsound_trees_are_refused(ensemble: TreeEnsemble, name: str, value: float) -> None:
    tensors = {key: array.copy() for key, array in ensemble.tensors("tc").items()}
    tensors[f"tc.{name}"][0] = value
    with pytest.raises(RequestError, match="mine: the trees 'tc' are not sound"):
        TreeEnsemble.from_part(FittedPart({}, tensors, "mine"), "tc", WIDTH)
    del tensors[f"tc.{name}"]
    with pytest.raises(RequestError, match=f"mine: .*tc.{name}"):
        TreeEnsemble.from_part(FittedPart({}, tensors, "mine"), "tc", WIDTH)


def test_trees_of_other_shapes_and_types_are_refused(ensemble: TreeEnsemble) -> None:
    tensors = ensemble.tensors("tc")
    for wrong in (tensors["tc.offset"][:-1], tensors["tc.offset"].astype(np.float32)):
        with pytest.raises(RequestError, match="not sound"):
            TreeEnsemble.from_part(FittedPart({}, {**tensors, "tc.offset": wrong}), "tc", WIDTH)
