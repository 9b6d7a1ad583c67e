"""The magnetization of a metallic host with all its 3d moments parallel, from calculations that kept moments.

A third of the calculations of iron-rich and cobalt-rich metals that networks learn from ended without any moment
(Nd2Fe14B, TbFe2 and MnBi among them), so a network that learns all of them predicts too little. Here only those with
moments are learned, totals and sums of site moments alike, and without 4f moments. Whether a crystal has moments at all
is the business of the magnetic order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.chemistry.elements import indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.crystals.packed import PackedCrystals
from screening.materials.magnets.carriers import MAGNETIC_METALS
from screening.materials.magnets.structure_features import structure_features, structure_names
from screening.tabular.composition_features import Compositions, composition_names
from screening.tabular.interval_forest import IntervalForest
from screening.tabular.release import FittedPart

PART = "moment"
MOMENT_COLUMNS = tuple(f"host_magnetization_muB_per_A3{suffix}" for suffix in ("", "_lo", "_hi"))
_TARGET = "muB/A3"
_IONIC = tuple(symbol for symbol in ELEMENT_GROUPS["anion"] if symbol != "N")
_NOTHING = -1.0  # below every value of a feature that matters


@lru_cache(maxsize=1)
def moment_feature_names() -> tuple[str, ...]:
    """The columns of `moment_features`."""
    return (*composition_names(), *structure_names())


def moment_features(packed: PackedCrystals, compositions: Compositions) -> Floats:
    """(B, F) float64 columns `moment_feature_names`, -1 where one means nothing."""
    features = np.concatenate([compositions.features, structure_features(packed, compositions.counts)], axis=1)
    return np.where(np.isfinite(features), features, _NOTHING)


def metallic_hosts(counts: Floats) -> NDArray[np.bool_]:
    """(B,) cells with Cr, Mn, Fe, Co or Ni and no anion but nitrogen, whose nitrides of interest are metals."""
    return (counts @ indicator(MAGNETIC_METALS) > 0) & (counts @ indicator(_IONIC) == 0)


@dataclass(frozen=True)
class HostMagnetization:
    """The fitted forest of the magnetization in µB/Å³."""

    forest: IntervalForest

    def predict(self, packed: PackedCrystals, compositions: Compositions) -> Floats:
        """(B, 3) magnetization, 10th and 90th percentile in µB/Å³; NaN for crystals that are no metallic hosts."""
        result = np.full((len(packed), 3), np.nan)
        rows = np.flatnonzero(metallic_hosts(compositions.counts))
        if len(rows):
            value, width = self.forest.predict(moment_features(packed.take(rows), compositions.take(rows)))
            result[rows] = np.maximum(np.stack([value, value - width, value + width], axis=1), 0.0)
        return result

    def to_part(self) -> FittedPart:
        """What a release keeps."""
        return FittedPart({"features": list(moment_feature_names()), "target": _TARGET}, self.forest.tensors())

    @classmethod
    def from_part(cls, part: FittedPart) -> HostMagnetization:
        """What a release kept; raises RequestError when it is damaged or fitted for another version."""
        part.require_features(moment_feature_names())
        part.require_target(_TARGET)
        return cls(IntervalForest.from_part(part, len(moment_feature_names())))


def moment_columns(values: Floats) -> list[pl.Series]:
    """The columns `MOMENT_COLUMNS` of a prediction table from (B, 3) values; NaN becomes null."""
    return [pl.Series(name, values[:, i], nan_to_null=True) for i, name in enumerate(MOMENT_COLUMNS)]
