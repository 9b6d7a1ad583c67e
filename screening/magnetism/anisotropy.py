"""How large the magnetocrystalline anisotropy of a uniaxial 3d magnet is; its sign cannot be told from so few data.

Forests on NovaMag's calculated constants (about 400 uniaxial crystals) tell sizes better than a constant does, but on
chemical systems kept apart they guess the sign of K1 no better than the majority. So a magnitude with a wide interval
is given, `easy_axis` is `unknown` (`cubic` where no axis is singled out), and no signed K1. Single-ion anisotropy of
rare earths is not in the training data, which treats open 4f shells as core.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl

from screening.crystals.packed import PackedCrystals
from screening.errors import RequestError
from screening.magnetism.axes import AXIS_FEATURES, Axes, find_axes
from screening.magnetism.elements import GROUPS, MAGNETIC_METALS, Floats, mask
from screening.magnetism.features import Compositions, composition_names
from screening.magnetism.intervals import IntervalForest
from screening.magnetism.release import Part

PART = "anisotropy"
ANISOTROPY_COLUMNS = (
    "K1_magnitude_MJ_per_m3",
    "K1_magnitude_MJ_per_m3_lo",
    "K1_magnitude_MJ_per_m3_hi",
    "easy_axis",
)
UNKNOWN, CUBIC = "unknown", "cubic"
_TARGET = "log10(MJ/m3)"
_UNLIKE = tuple(symbol for symbol in GROUPS["anion"] if symbol != "N")
_NOTHING = -1.0  # below every value of a feature that matters


@lru_cache(maxsize=1)
def anisotropy_feature_names() -> tuple[str, ...]:
    """The columns of `anisotropy_features`."""
    return (*composition_names(), *AXIS_FEATURES)


def anisotropy_features(compositions: Compositions, axes: Axes) -> Floats:
    """(B, F) float64 columns `anisotropy_feature_names`, -1 where one means nothing."""
    features = np.concatenate([compositions.features, axes.features], axis=1)
    return np.where(np.isfinite(features), features, _NOTHING)


@dataclass(frozen=True)
class Anisotropy:
    """The fitted forest of log10 |K1|."""

    forest: IntervalForest

    def predict(self, packed: PackedCrystals, compositions: Compositions) -> tuple[Floats, list[str | None]]:
        """(B, 3) |K1|, 10th and 90th percentile in MJ/m3, and the easy axis of each crystal.

        NaN for crystals that are not uniaxial, and NaN and None for those that are no metals with a 3d magnet in them
        (nitrides count as metals): NovaMag holds hardly any.
        """
        sizes, easy = np.full((len(packed), 3), np.nan), np.full(len(packed), None, dtype=object)
        counts = compositions.counts
        rows = np.flatnonzero((counts @ mask(MAGNETIC_METALS) > 0) & (counts @ mask(_UNLIKE) == 0))
        if len(rows):
            axes = find_axes(packed.take(rows))
            easy[rows] = np.where(axes.isotropic, CUBIC, UNKNOWN)
            uniaxial = rows[axes.uniaxial]
            features = anisotropy_features(compositions.take(rows), axes)[axes.uniaxial]
            logarithm, width = self.forest.predict(features)
            sizes[uniaxial] = 10.0 ** np.stack([logarithm, logarithm - width, logarithm + width], axis=1)
        return sizes, easy.tolist()

    def to_part(self) -> Part:
        """What a release keeps."""
        return Part({"features": list(anisotropy_feature_names()), "target": _TARGET}, self.forest.tensors())

    @classmethod
    def from_part(cls, part: Part) -> Anisotropy:
        """What a release kept; raises RequestError when it is damaged or fitted for another version."""
        part.require_features(anisotropy_feature_names())
        if part.get("target") != _TARGET:
            raise RequestError(f"magnetism: the forest of anisotropies gives {part.get('target')}, not {_TARGET}")
        return cls(IntervalForest.from_part(part, len(anisotropy_feature_names())))


def anisotropy_columns(sizes: Floats, easy: list[str | None]) -> list[pl.Series]:
    """The columns `ANISOTROPY_COLUMNS` of a prediction table; NaN becomes null."""
    numbers = [pl.Series(name, sizes[:, i], nan_to_null=True) for i, name in enumerate(ANISOTROPY_COLUMNS[:-1])]
    return [*numbers, pl.Series(ANISOTROPY_COLUMNS[-1], easy, dtype=pl.String)]
