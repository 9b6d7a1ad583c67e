"""The learned barrier of a path, with an 80 % interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screening.array_types import Floats
from screening.materials.electrodes.barriers.migration_path import MIGRATING_CHARGES, MigrationPath
from screening.materials.electrodes.barriers.path_features import path_feature_names, path_features
from screening.tabular.interval_forest import IntervalForest
from screening.tabular.release import FittedPart

BARRIER_PART = "barrier"
_TARGET = "eV"


@dataclass(frozen=True)
class BarrierModel:
    """A forest and a kernel on the descriptors of paths."""

    forest: IntervalForest

    def predict(self, paths: Sequence[MigrationPath]) -> Floats:
        """(B, 3) value in eV, and the ends of its 80 % interval, of paths that `check_path` has nothing against."""
        return barriers_of(self.forest, path_features(paths))

    def to_part(self) -> FittedPart:
        """The model as a part of a release."""
        settings = {"features": list(path_feature_names()), "target": _TARGET, "ions": list(MIGRATING_CHARGES)}
        return FittedPart(settings, self.forest.tensors())

    @classmethod
    def from_part(cls, part: FittedPart) -> BarrierModel:
        """The model in a part of a release; raises RequestError when it is damaged or of another version."""
        part.require_features(path_feature_names())
        part.require_target(_TARGET)
        return cls(IntervalForest.from_part(part, len(path_feature_names())))


def barriers_of(forest: IntervalForest, features: Floats) -> Floats:
    """(B, 3) value and interval in eV of features (B, F); none is below zero."""
    if not len(features):
        return np.zeros((0, 3))
    value, width = forest.predict(features)
    return np.maximum(np.stack([value, value - width, value + width], axis=1), 0.0)
