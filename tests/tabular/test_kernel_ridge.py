"""The kernel regression against a direct calculation; rows without weight; damaged releases."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from screening.errors import RequestError
from screening.tabular.kernel_ridge import KernelRidge, KernelSettings, fit_kernel
from screening.tabular.release import FittedPart

WIDTH = 5
Data = tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]


@pytest.fixture(scope="module")
def data() -> Data:
    """The first column decides, the second a little, the third is constant; every fourth row has no weight."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, WIDTH)).astype(np.float32)
    features[:, 2] = 7
    one = 10 * np.sin(2 * features[:, 0]) + features[:, 1]
    weight = np.where(np.arange(400) % 4 == 0, 0.0, 1.0)
    return features, np.stack([one, one**2], axis=1), weight


def test_predictions_are_the_sum_over_supports(data: Data) -> None:
    kernel = fit_kernel(*data, KernelSettings(columns=4), seed=0)
    assert len(kernel.supports) == 300
    assert 0 in kernel.column
    features = np.random.default_rng(1).normal(size=(20, WIDTH))
    features[0] = 1e6  # farther than all that is known: as far as allowed
    places = (features[:, kernel.column] - kernel.centre) * kernel.scale
    places = np.rint(np.clip(places, -kernel.farthest, kernel.farthest))
    weights = np.exp(-kernel.fall * np.abs(places[:, None] - kernel.supports[None].astype(float)).sum(axis=2))
    np.testing.assert_allclose(kernel.predict(features), kernel.mean + weights @ kernel.coefficients, atol=1e-3)


def test_what_matters_is_learned_and_rows_without_weight_are_not(data: Data) -> None:
    features, targets, weight = data
    held_out = weight == 0
    kernel = fit_kernel(features, targets, weight, KernelSettings(), seed=0)
    errors = np.abs(kernel.predict(features[held_out]) - targets[held_out]).mean(axis=0)
    spread = np.abs(targets[held_out] - targets.mean(axis=0)).mean(axis=0)
    assert (errors < 0.4 * spread).all()
    exact = fit_kernel(features, targets, weight, KernelSettings(noise=1e-6), seed=0)
    np.testing.assert_allclose(exact.predict(features)[~held_out], targets[~held_out], atol=0.05)
    with pytest.raises(RequestError, match="clean enough"):
        fit_kernel(features, targets, 0 * weight, KernelSettings(), seed=0)


def test_a_kept_kernel_is_the_same_and_a_damaged_one_refused(data: Data) -> None:
    kernel = fit_kernel(*data, KernelSettings(columns=3), seed=0)
    tensors = kernel.tensors("k")
    again = KernelRidge.from_part(FittedPart({}, tensors), "k", WIDTH, 2)
    np.testing.assert_array_equal(again.predict(data[0]), kernel.predict(data[0]))
    assert again.predict(data[0][:0]).shape == (0, 2)
    for name, wrong in (
        ("k.column", np.array([0, 1, WIDTH])),
        ("k.column", np.array([0.0, 1.0, 2.0])),
        ("k.supports", np.zeros((4, 2), np.int16)),
        ("k.supports", np.zeros((300, 3), np.int32)),
        ("k.farthest", np.full(3, 3e4, np.float32)),
        ("k.coefficients", np.full(kernel.coefficients.shape, np.nan, np.float32)),
    ):
        with pytest.raises(RequestError, match=r"column outside|beyond its range|has no tensor|not finite"):
            KernelRidge.from_part(FittedPart({}, {**tensors, name: wrong}), "k", WIDTH, 2)
