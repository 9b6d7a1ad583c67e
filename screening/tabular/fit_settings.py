"""Settings that fits of interval forests share."""

from __future__ import annotations

from dataclasses import dataclass

from screening.data.splits import DEFAULT_SALT
from screening.tabular.interval_forest import ForestSettings


@dataclass(frozen=True)
class ForestFitSettings:
    """Settings of a fit.

    Attributes:
        forest: Sizes.
        seed: Of the first fit.
        n_seeds: Number of fits; the first is kept, the others show the spread.
        salt: Of the splits.
    """

    forest: ForestSettings
    seed: int = 0
    n_seeds: int = 3
    salt: str = DEFAULT_SALT
