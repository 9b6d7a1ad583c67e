"""The magnetization of a metallic host with all 3d moments parallel, from calculations that kept their moments.

A third of the calculations of iron-rich and cobalt-rich metals that networks learn from ended without moments
(Nd2Fe14B, TbFe2 and MnBi among them), so a network that learns from all of them predicts too little. This model learns
only from those with moments, from totals and from sums of site moments, without 4f moments. The magnetic order predicts
whether there are moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.elements import indicator
from screening.crystals.packed import PackedCrystals
from screening.materials.arrays import names_with_interval
from screening.materials.magnets.carriers import IONIC, MAGNETIC_METALS
from screening.materials.magnets.structure_features import structure_features, structure_names
from screening.tabular.composition_features import Compositions, composition_names
from screening.tabular.interval_forest import IntervalForest
from screening.tabular.release import FittedPart

PART = "moment"
COLUMN = "host_magnetization_muB_per_A3"
MOMENT_COLUMNS = names_with_interval(COLUMN)
_TARGET = "muB/A3"
_NOTHING = -1.0  # stands for values without a meaning; smaller than all others


@lru_cache(maxsize=1)
def moment_feature_names() -> tuple[str, ...]:
    """The columns of `moment_features`."""
    return (*composition_names(), *structure_names())


def moment_features(packed: PackedCrystals, compositions: Compositions) -> Floats:
    """The columns `moment_feature_names` of B crystals, (B, F); -1 where one has no meaning."""
    features = np.concatenate([compositions.features, structure_features(packed, compositions.counts)], axis=1)
    return np.where(np.isfinite(features), features, _NOTHING)


def metallic_hosts(counts: Floats) -> NDArray[np.bool_]:
    """Cells with Cr, Mn, Fe, Co or Ni and no anion except nitrogen, (B,): their nitrides of interest are metals."""
    return (counts @ indicator(MAGNETIC_METALS) > 0) & (counts @ indicator(IONIC) == 0)


@dataclass(frozen=True)
class HostMagnetization:
    """The fitted forest of the magnetization in µB/Å³."""

    forest: IntervalForest

    def predict(self, packed: PackedCrystals, compositions: Compositions) -> Floats:
        """Magnetization, 10th and 90th percentile in µB/Å³, (B, 3); NaN for crystals that are no metallic hosts."""
        result = np.full((len(packed), 3), np.nan)
        rows = np.flatnonzero(metallic_hosts(compositions.counts))
        if len(rows):
            value, width = self.forest.predict(moment_features(packed.take(rows), compositions.take(rows)))
            result[rows] = np.maximum(np.stack([value, value - width, value + width], axis=1), 0.0)
        return result

    def to_part(self) -> FittedPart:
        """The model as a part of a release."""
        return FittedPart({"features": list(moment_feature_names()), "target": _TARGET}, self.forest.tensors())

    @classmethod
    def from_part(cls, part: FittedPart) -> HostMagnetization:
        """The model in a part of a release.

        Raises:
            RequestError: The part is damaged or was fitted for another version.
        """
        part.require_features(moment_feature_names())
        part.require_target(_TARGET)
        return cls(IntervalForest.from_part(part, len(moment_feature_names())))
