"""Curie temperatures with intervals, from what a crystal is made of.

Errors grow with the temperature, so its square root is learned, and a part of the trees learns the temperature itself,
which does better for the hot ones. Measured compounds are mostly alloys and solid solutions that no ordered crystal
stands for, so the composition alone decides: descriptors of the crystal, where the Materials Project has one, did not
lower the error on unseen systems.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.chemistry.elements import N_ELEMENTS
from screening.materials.magnets.carriers import may_be_magnetic
from screening.materials.magnets.curie.curie_data import HIGHEST_K
from screening.materials.magnets.curie.curie_features import curie_feature_names, curie_features
from screening.tabular.composition_features import Compositions
from screening.tabular.interval_forest import IntervalForest
from screening.tabular.release import FittedPart

PART = "curie"
CURIE_COLUMNS = ("curie_temperature_K", "curie_temperature_K_lo", "curie_temperature_K_hi")
_WHOLE_ROW = np.dtype((np.void, N_ELEMENTS * np.dtype(np.float64).itemsize))
_TARGET = "sqrt(K)"


@dataclass(frozen=True)
class CurieModel:
    """The fitted forest of the square root of the temperature in K."""

    forest: IntervalForest

    def predict(self, counts: Floats) -> Floats:
        """(B, 3) temperature, 10th and 90th percentile in K of compositions (B, 119), *if* there is a net moment.

        NaN for compositions without any element that can carry a moment.
        """
        result = np.full((len(counts), 3), np.nan)
        rows = np.flatnonzero(may_be_magnetic(counts))
        if len(rows):
            result[rows] = self.of_carriers(Compositions.of(counts[rows]))
        return result

    def of_carriers(self, compositions: Compositions) -> Floats:
        """The same for compositions that all hold an element that can carry a moment, at least one.

        Nothing is above the highest Curie temperature known.
        """
        _, first, copies = np.unique(compositions.counts.view(_WHOLE_ROW), return_index=True, return_inverse=True)
        root, width = self.forest.predict(curie_features(compositions.take(first)))
        ends = np.stack([root, root - width, root + width], axis=1)
        return np.minimum(np.maximum(ends, 0.0)[copies.ravel()] ** 2, HIGHEST_K)

    def to_part(self) -> FittedPart:
        """What a release keeps."""
        return FittedPart({"features": list(curie_feature_names()), "target": _TARGET}, self.forest.tensors())

    @classmethod
    def from_part(cls, part: FittedPart) -> CurieModel:
        """What a release kept; raises RequestError when it is damaged or fitted for another version."""
        part.require_features(curie_feature_names())
        part.require_target(_TARGET)
        return cls(IntervalForest.from_part(part, len(curie_feature_names())))


def curie_columns(temperatures: Floats) -> list[pl.Series]:
    """The columns `CURIE_COLUMNS` of a prediction table from (B, 3) temperatures; NaN becomes null."""
    return [pl.Series(name, temperatures[:, i], nan_to_null=True) for i, name in enumerate(CURIE_COLUMNS)]
