"""Make finalists from the first rows of a ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from screening.crystals.crystal import Crystal
from screening.finalists.finalist import Finalist
from screening.finalists.known_materials import KnownMaterials
from screening.materials.base import Finalists, LearnedPredictor
from screening.materials.registry import material_class


def finalists(
    best: pl.DataFrame,
    crystal_of: Callable[[str], Crystal],
    task: Mapping[str, Any],
    keys: Mapping[str, Any],
    predictors: Mapping[str, LearnedPredictor],
) -> list[Finalist]:
    """The finalists of a ranking.

    Args:
        best: The first rows of the ranked table.
        crystal_of: Returns the crystal of a candidate id.
        task: Sections of the task's config.
        keys: Keys that only this material class has, as given by the user.
        predictors: Loaded predictors by name.

    Returns:
        One finalist for each row, in the same order.
    """
    if best.is_empty():
        return []
    ids = best["candidate_id"].to_list()
    crystals = [crystal_of(candidate_id) for candidate_id in ids]
    known = KnownMaterials.of_task(task).nearest([crystal.formula for crystal in crystals])
    looks = material_class(str(task["name"])).look_closer(Finalists(best, crystals, task, keys, predictors))
    return [Finalist(*parts) for parts in zip(ids, crystals, looks, known, strict=True)]
