"""Magnetocrystalline anisotropy: 4f shells by the crystal field, 3d metals by family or by a forest.

In well-measured families of magnets the 3d metals have the anisotropy of the family, with its sign. For other crystals
a forest learns the size from constants calculated in NovaMag (about 400 uniaxial crystals); it is better than a
constant. The sign of K1 on held-out chemical systems is no better than the majority, with forests as with linear or
kernel models on tensors of neighbours. So the base rate serves as the probability of an easy axis. NovaMag's
calculations keep open 4f shells in the core; `crystal_field` adds their part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr

from screening.array_types import Floats
from screening.chemistry.elements import indicator
from screening.crystals.packed import PackedCrystals
from screening.materials.arrays import names_with_interval, number_column
from screening.materials.magnets.anisotropy.axes import AXIS_FEATURES, Axes, find_axes
from screening.materials.magnets.anisotropy.crystal_field import TENTH, four_f_anisotropy
from screening.materials.magnets.anisotropy.host_families import HostFamilies, host_families
from screening.materials.magnets.anisotropy.quadrupoles import quadrupoles
from screening.materials.magnets.carriers import IONIC, MAGNETIC_METALS
from screening.tabular.composition_features import Compositions, composition_names
from screening.tabular.interval_forest import IntervalForest
from screening.tabular.release import FittedPart

PART = "anisotropy"
_WITH_INTERVAL = ("four_f_K1_MJ_per_m3", "host_K1_magnitude_MJ_per_m3")
ANISOTROPY_NUMBERS = (
    *(column for name in _WITH_INTERVAL for column in names_with_interval(name)),
    "host_axial_probability",
    "host_K1_temperature_K",
)
ANISOTROPY_COLUMNS = (*ANISOTROPY_NUMBERS, "host_K1_method", "axis_symmetry")
UNIAXIAL, CUBIC, LOWER = "uniaxial", "cubic", "lower"
FOREST_METHOD, RATE_METHOD = "NovaMag forest, sign by base rate", "sign by base rate, size unknown"
METAL, OTHER = "metals", "others"
_TARGET = "log10(MJ/m3)"
_NOTHING = -1.0  # stands for values without a meaning; smaller than all others


@lru_cache(maxsize=1)
def anisotropy_feature_names() -> tuple[str, ...]:
    """The columns of `anisotropy_features`."""
    return (*composition_names(), *AXIS_FEATURES)


def anisotropy_features(compositions: Compositions, axes: Axes) -> Floats:
    """The columns `anisotropy_feature_names` of B crystals, (B, F); -1 where one has no meaning."""
    features = np.concatenate([compositions.features, axes.features], axis=1)
    return np.where(np.isfinite(features), features, _NOTHING)


def is_metal(counts: Floats) -> NDArray[np.bool_]:
    """Cells without an anion except nitrogen, as in NovaMag, (B,)."""
    return np.asarray(counts @ indicator(IONIC) == 0)


@dataclass(frozen=True)
class PredictedAnisotropy:
    """The predicted anisotropy of B crystals.

    Attributes:
        numbers: `ANISOTROPY_NUMBERS`, (B, 8); NaN where they are unknown.
        methods: `host_K1_method` as text or None, (B,).
        symmetries: `axis_symmetry` as text or None, (B,).
    """

    numbers: Floats
    methods: NDArray[np.object_]
    symmetries: NDArray[np.object_]

    @classmethod
    def unknown(cls, size: int) -> PredictedAnisotropy:
        """The anisotropy of crystals before any prediction."""
        nothing = np.full((size, len(ANISOTROPY_NUMBERS)), np.nan)
        return cls(nothing, np.full(size, None, dtype=object), np.full(size, None, dtype=object))

    def put(self, rows: NDArray[np.int64], other: PredictedAnisotropy) -> None:
        """Replace some rows."""
        self.numbers[rows], self.methods[rows], self.symmetries[rows] = other.numbers, other.methods, other.symmetries

    def columns(self) -> list[pl.Series]:
        """The columns `ANISOTROPY_COLUMNS`; NaN becomes null."""
        numbers = [number_column(name, self.numbers[:, i]) for i, name in enumerate(ANISOTROPY_NUMBERS)]
        texts = zip(ANISOTROPY_COLUMNS[-2:], (self.methods, self.symmetries), strict=True)
        return [*numbers, *(pl.Series(name, text.tolist(), dtype=pl.String) for name, text in texts)]


@dataclass(frozen=True)
class AnisotropyModel:
    """The fitted model of anisotropy.

    Attributes:
        forest: Predicts log10 |K1|.
        axial_share: Base rate of an easy axis in `METAL` and in `OTHER` crystals.
    """

    forest: IntervalForest
    axial_share: dict[str, float]

    def predict(
        self, packed: PackedCrystals, compositions: Compositions, alloy_axes: Floats | None = None
    ) -> PredictedAnisotropy:
        """Predict the anisotropy of B crystals; only uniaxial or nearly uniaxial ones have numbers.

        The 3d part needs an element of `MAGNETIC_METALS`. Outside the families its size is predicted only for metals.

        Args:
            packed: The crystals.
            compositions: Theirs, or those of the alloys that they stand for.
            alloy_axes: The main axes of these alloys, (B, 3); NaN where there is none.
        """
        answers = PredictedAnisotropy.unknown(len(packed))
        axes, families = find_axes(packed), host_families(packed, compositions.counts)
        axes = axes if alloy_axes is None else axes.with_known(alloy_axes)
        in_family = families.family >= 0
        axis = np.where(in_family[:, None], families.axis, axes.axis)
        symmetry = np.where(axes.isotropic, CUBIC, LOWER)
        answers.symmetries[:] = np.where(axes.uniaxial | in_family, UNIAXIAL, symmetry)
        rows = np.flatnonzero(axes.nearly | in_family)
        if len(rows):
            shells = four_f_anisotropy(packed.take(rows), axis[rows])
            # approximants of an alloy may lack the little of a rare earth that it has
            somewhere = compositions.counts[rows] @ (quadrupoles() != 0) > 0
            answers.numbers[rows, :3] = np.where(np.isnan(shells) & somewhere[:, None], 0.0, shells)
        self._put_families(families, answers)
        elsewhere = axes.nearly & ~in_family & (compositions.counts @ indicator(MAGNETIC_METALS) > 0)
        metal = is_metal(compositions.counts)
        answers.numbers[elsewhere, 6] = np.where(metal, self.axial_share[METAL], self.axial_share[OTHER])[elsewhere]
        answers.methods[elsewhere] = RATE_METHOD
        rows = np.flatnonzero(elsewhere & metal)
        if len(rows):
            logarithm, width = self.forest.predict(anisotropy_features(compositions, axes)[rows])
            answers.numbers[rows, 3:6] = 10.0 ** np.stack([logarithm, logarithm - width, logarithm + width], axis=1)
            answers.numbers[rows, 7], answers.methods[rows] = 0.0, FOREST_METHOD
        return answers

    @staticmethod
    def _put_families(families: HostFamilies, answers: PredictedAnisotropy) -> None:
        rows = np.flatnonzero(families.family >= 0)
        value, spread = families.K1_MJ_per_m3[rows], families.spread[rows]
        size, reach = np.abs(value), TENTH * spread
        answers.numbers[rows, 3:6] = np.stack([size, np.maximum(size - reach, 0.0), size + reach], axis=1)
        answers.numbers[rows, 6] = ndtr(value / spread)
        answers.numbers[rows, 7] = families.temperature_K[rows]
        answers.methods[rows] = [families.method(row) for row in rows.tolist()]

    def to_part(self) -> FittedPart:
        """The model as a part of a release."""
        settings = {
            "features": list(anisotropy_feature_names()),
            "target": _TARGET,
            "axial_share": self.axial_share,
        }
        return FittedPart(settings, self.forest.tensors())

    @classmethod
    def from_part(cls, part: FittedPart) -> AnisotropyModel:
        """The model in a part of a release.

        Raises:
            RequestError: The part is damaged or was fitted for another version.
        """
        part.require_features(anisotropy_feature_names())
        part.require_target(_TARGET)
        shares = part.numbers("axial_share")
        if not all(0 < shares.get(name, 0) < 1 for name in (METAL, OTHER)):
            raise part.problem(f"axial_share: expected a number between 0 and 1 for {METAL} and for {OTHER}")
        return cls(IntervalForest.from_part(part, len(anisotropy_feature_names())), shares)
