"""Baselines that a model must beat: the best constant, and gradient boosting on composition alone."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from screening.array_types import Floats
from screening.caching import kept
from screening.checksums import code_sha256
from screening.crystals.packed import PackedCrystals
from screening.data.store import Store
from screening.data.targets import TARGETS

logger = logging.getLogger(__name__)
Features = Callable[[PackedCrystals], Floats]
"""(B, F) descriptors of compositions."""

_BOOSTING = {"max_iter": 300, "learning_rate": 0.1, "max_leaf_nodes": 127, "early_stopping": False, "random_state": 0}
# Measured on the validation split: hull energies, with many zeros and a long tail, are better with absolute errors
# (0.048 eV/atom, 0.055 with squares), the others with squares (gap 0.50 eV, 0.57 with absolute errors); more leaves
# helped up to 127.
_ABSOLUTE = frozenset({"energy_above_hull_eV_per_atom"})
_FEWEST = 40  # labels; with fewer, trees with 20 samples a leaf are constants


@dataclass(frozen=True)
class Baselines:
    """Predictions of the baselines; NaN if nothing could be learned.

    Attributes:
        constant: (T,) medians of the training labels.
        composition: (B, T) predictions from composition.
    """

    constant: Floats
    composition: Floats

    @classmethod
    def without_training(cls, labels: Floats) -> Baselines:
        """Baselines without training rows: the medians of the measured labels themselves, a lower bound of the error.

        Args:
            labels: (B, T) measured labels.
        """
        constant = [np.median(known) if len(known := column[np.isfinite(column)]) else np.nan for column in labels.T]
        return cls(np.array(constant), np.full(labels.shape, np.nan))


def baselines(
    store: Store, train: NDArray[np.int64], crystals: PackedCrystals, targets: Sequence[str], features: Features
) -> Baselines:
    """Train the baselines and predict with them. Results are cached in the store's folder.

    Args:
        store: The store.
        train: Its training rows.
        crystals: The B crystals to predict.
        targets: The T targets; those that the store lacks are NaN.
        features: Descriptors of compositions.
    """
    known, queried = (features(part).astype(np.float32) for part in (store.crystals.take(train), crystals))
    there = [i for i, target in enumerate(targets) if target in store.index.columns]
    labels = np.full((len(train), len(targets)), np.nan)
    labels[:, there] = store.labels([targets[i] for i in there])[train] if there else 0.0
    settings = json.dumps([_sklearn_version(), list(targets), code_sha256("learning/baselines.py", "data/targets.py")])
    digest = hashlib.sha256(settings.encode())
    for array in (known, queried, labels):
        digest.update(np.ascontiguousarray(array).tobytes())

    def fitted() -> Baselines:
        logger.info("fitting the composition baseline to %d crystals: a minute or two", len(train))
        constant = Baselines.without_training(labels).constant
        predicted = [_boosted(known, labels[:, i], queried, target) for i, target in enumerate(targets)]
        return Baselines(constant, np.stack(predicted, axis=1))

    return kept(
        store.path / "baselines",
        digest.hexdigest()[:16],
        lambda file: Baselines(**load_file(file)),
        fitted,
        lambda made, file: save_file({"constant": made.constant, "composition": made.composition}, file),
    )


def _boosted(features: NDArray[np.float32], labels: Floats, queried: NDArray[np.float32], target: str) -> Floats:
    from sklearn.ensemble import HistGradientBoostingRegressor

    rows = np.isfinite(labels)
    if rows.sum() < _FEWEST or not len(queried):
        return np.full(len(queried), np.nan)
    loss = "absolute_error" if target in _ABSOLUTE else "squared_error"
    known = np.isfinite(features[rows]).any(axis=0)  # scikit-learn fails on a column without values
    model = HistGradientBoostingRegressor(loss=loss, **_BOOSTING).fit(features[rows][:, known], labels[rows])
    return np.maximum(model.predict(queried[:, known]), TARGETS[target].minimum)


def _sklearn_version() -> str:
    import sklearn

    return str(sklearn.__version__)
