"""Magnetocrystalline anisotropy: of 4f shells by the crystal field, of 3d metals by family, else by a learned size.

The 3d metals of a well-measured family of magnets have its anisotropy, with its sign. Elsewhere forests on NovaMag's
calculated constants (about 400 uniaxial crystals) tell sizes better than a constant does, but neither they nor linear
or kernel models on the tensors of neighbours guess the sign of K1 better than the majority on chemical systems kept
apart; so the probability of an easy axis is the base rate there. Open 4f shells are core in NovaMag's calculations:
their part comes from `crystal_field`.
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
from screening.chemistry.families import ELEMENT_GROUPS
from screening.crystals.packed import PackedCrystals
from screening.materials.magnets.anisotropy.axes import AXIS_FEATURES, Axes, find_axes
from screening.materials.magnets.anisotropy.crystal_field import TENTH, four_f_anisotropy
from screening.materials.magnets.anisotropy.host_families import HostFamilies, host_families
from screening.materials.magnets.carriers import MAGNETIC_METALS
from screening.tabular.composition_features import Compositions, composition_names
from screening.tabular.interval_forest import IntervalForest
from screening.tabular.release import FittedPart

PART = "anisotropy"
_WITH_INTERVAL = ("four_f_K1_MJ_per_m3", "host_K1_magnitude_MJ_per_m3")
ANISOTROPY_NUMBERS = (
    *(f"{name}{end}" for name in _WITH_INTERVAL for end in ("", "_lo", "_hi")),
    "host_axial_probability",
    "host_K1_temperature_K",
)
ANISOTROPY_COLUMNS = (*ANISOTROPY_NUMBERS, "host_K1_method", "axis_symmetry")
UNIAXIAL, CUBIC, LOWER = "uniaxial", "cubic", "lower"
FOREST_METHOD, RATE_METHOD = "NovaMag forest, sign by base rate", "sign by base rate, size unknown"
METAL, OTHER = "metals", "others"
_TARGET = "log10(MJ/m3)"
_UNLIKE = tuple(symbol for symbol in ELEMENT_GROUPS["anion"] if symbol != "N")
_NOTHING = -1.0  # below every value of a feature that matters


@lru_cache(maxsize=1)
def anisotropy_feature_names() -> tuple[str, ...]:
    """The columns of `anisotropy_features`."""
    return (*composition_names(), *AXIS_FEATURES)


def anisotropy_features(compositions: Compositions, axes: Axes) -> Floats:
    """(B, F) float64 columns `anisotropy_feature_names`, -1 where one means nothing."""
    features = np.concatenate([compositions.features, axes.features], axis=1)
    return np.where(np.isfinite(features), features, _NOTHING)


def is_metal(counts: Floats) -> NDArray[np.bool_]:
    """(B,) no anion but nitrogen: what NovaMag holds."""
    return np.asarray(counts @ indicator(_UNLIKE) == 0)


@dataclass(frozen=True)
class AnisotropyAnswers:
    """numbers: (B, 8) `ANISOTROPY_NUMBERS`, NaN where nothing tells; methods, symmetries: (B,) of text or None."""

    numbers: Floats
    methods: NDArray[np.object_]
    symmetries: NDArray[np.object_]

    @classmethod
    def none(cls, size: int) -> AnisotropyAnswers:
        """Of crystals about which nothing is said."""
        nothing = np.full((size, len(ANISOTROPY_NUMBERS)), np.nan)
        return cls(nothing, np.full(size, None, dtype=object), np.full(size, None, dtype=object))

    def put(self, rows: NDArray[np.int64], answers: AnisotropyAnswers) -> None:
        """Write the answers for some rows."""
        self.numbers[rows], self.methods[rows], self.symmetries[rows] = (
            answers.numbers,
            answers.methods,
            answers.symmetries,
        )

    def columns(self) -> list[pl.Series]:
        """The columns `ANISOTROPY_COLUMNS` of a prediction table; NaN becomes null."""
        numbers = [pl.Series(name, self.numbers[:, i], nan_to_null=True) for i, name in enumerate(ANISOTROPY_NUMBERS)]
        texts = zip(ANISOTROPY_COLUMNS[-2:], (self.methods, self.symmetries), strict=True)
        return [*numbers, *(pl.Series(name, text.tolist(), dtype=pl.String) for name, text in texts)]


@dataclass(frozen=True)
class AnisotropyModel:
    """The fitted forest of log10 |K1|; axial_share: part of `METAL` and of `OTHER` crystals with an easy axis."""

    forest: IntervalForest
    axial_share: dict[str, float]

    def predict(self, packed: PackedCrystals, compositions: Compositions) -> AnisotropyAnswers:
        """Anisotropies of B crystals along their axes; only those that are uniaxial, or nearly so, have numbers.

        The 3d part needs a metal of `MAGNETIC_METALS`; its size beyond the families is known for metals alone.
        """
        answers = AnisotropyAnswers.none(len(packed))
        axes, families = find_axes(packed), host_families(packed, compositions.counts)
        in_family = families.family >= 0
        axis = np.where(in_family[:, None], families.axis, axes.axis)
        symmetry = np.where(axes.isotropic, CUBIC, LOWER)
        answers.symmetries[:] = np.where(axes.uniaxial | in_family, UNIAXIAL, symmetry)
        rows = np.flatnonzero(axes.nearly | in_family)
        if len(rows):
            answers.numbers[rows, :3] = four_f_anisotropy(packed.take(rows), axis[rows])
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
    def _put_families(families: HostFamilies, answers: AnisotropyAnswers) -> None:
        rows = np.flatnonzero(families.family >= 0)
        value, spread = families.K1_MJ_per_m3[rows], families.spread[rows]
        size, reach = np.abs(value), TENTH * spread
        answers.numbers[rows, 3:6] = np.stack([size, np.maximum(size - reach, 0.0), size + reach], axis=1)
        answers.numbers[rows, 6] = ndtr(value / spread)
        answers.numbers[rows, 7] = families.temperature_K[rows]
        answers.methods[rows] = [families.method(row) for row in rows.tolist()]

    def to_part(self) -> FittedPart:
        """What a release keeps."""
        settings = {
            "features": list(anisotropy_feature_names()),
            "target": _TARGET,
            "axial_share": self.axial_share,
        }
        return FittedPart(settings, self.forest.tensors())

    @classmethod
    def from_part(cls, part: FittedPart) -> AnisotropyModel:
        """What a release kept; raises RequestError when it is damaged or fitted for another version."""
        part.require_features(anisotropy_feature_names())
        part.require_target(_TARGET)
        shares = part.get("axial_share")
        if not isinstance(shares, dict) or not all(0 < shares.get(name, 0) < 1 for name in (METAL, OTHER)):
            raise part.problem(f"axial_share: expected parts of one for {METAL} and {OTHER}")
        return cls(IntervalForest.from_part(part, len(anisotropy_feature_names())), shares)
