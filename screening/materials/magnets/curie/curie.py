"""Curie temperatures with intervals, from compositions.

Errors grow with the temperature, so the model learns its square root; part of the trees learn the temperature itself,
which works better for high temperatures. Measured compounds are mostly alloys and solid solutions without an ordered
crystal, so only the composition is used. Descriptors of crystals from the Materials Project did not lower the error on
unseen systems.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screening.array_types import Floats
from screening.chemistry.elements import N_ELEMENTS
from screening.materials.arrays import names_with_interval
from screening.materials.magnets.carriers import may_be_magnetic
from screening.materials.magnets.curie.curie_data import HIGHEST_K
from screening.materials.magnets.curie.curie_features import curie_feature_names, curie_features
from screening.tabular.composition_features import Compositions
from screening.tabular.interval_forest import IntervalForest
from screening.tabular.release import FittedPart

PART = "curie"
COLUMN = "curie_temperature_K"
CURIE_COLUMNS = names_with_interval(COLUMN)
_WHOLE_ROW = np.dtype((np.void, N_ELEMENTS * np.dtype(np.float64).itemsize))
_TARGET = "sqrt(K)"


@dataclass(frozen=True)
class CurieModel:
    """The fitted forest of the square root of the Curie temperature in K."""

    forest: IntervalForest

    def predict(self, counts: Floats) -> Floats:
        """Predict Curie temperatures, assuming that there is a net moment.

        Args:
            counts: Atoms of each element, (B, 119).

        Returns:
            Temperature, 10th and 90th percentile in K, (B, 3); NaN without an element that can carry a moment.
        """
        result = np.full((len(counts), 3), np.nan)
        rows = np.flatnonzero(may_be_magnetic(counts))
        if len(rows):
            result[rows] = self.of_carriers(Compositions.of(counts[rows]))
        return result

    def of_carriers(self, compositions: Compositions) -> Floats:
        """As `predict`, for at least one composition, all with an element that can carry a moment.

        Predictions do not exceed the highest Curie temperature known.
        """
        _, first, copies = np.unique(compositions.counts.view(_WHOLE_ROW), return_index=True, return_inverse=True)
        root, width = self.forest.predict(curie_features(compositions.take(first)))
        ends = np.stack([root, root - width, root + width], axis=1)
        return np.minimum(np.maximum(ends, 0.0)[copies.ravel()] ** 2, HIGHEST_K)

    def to_part(self) -> FittedPart:
        """The model as a part of a release."""
        return FittedPart({"features": list(curie_feature_names()), "target": _TARGET}, self.forest.tensors())

    @classmethod
    def from_part(cls, part: FittedPart) -> CurieModel:
        """The model in a part of a release.

        Raises:
            RequestError: The part is damaged or was fitted for another version.
        """
        part.require_features(curie_feature_names())
        part.require_target(_TARGET)
        return cls(IntervalForest.from_part(part, len(curie_feature_names())))
