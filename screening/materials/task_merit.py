"""The methods of a material class, called with the sections of a task's config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.materials.registry import material_class
from screening.settings import build_settings


def merit_settings(task: Mapping[str, Any]) -> Any:
    """The settings of the figures of merit.

    Args:
        task: Sections of a task, as in `configs/task/NAME.yaml`.

    Raises:
        RequestError: An unknown class, an unknown key or a wrong value.
    """
    settings, merit = material_class(str(task["name"])).settings, dict(task.get("merit") or {})
    if "supply" not in {field.name for field in fields(settings)}:
        merit.pop("supply", None)  # every task has this section, but not every class uses it
    return build_settings(settings, merit, "task.merit")


def evaluate_task(table: pl.DataFrame, task: Mapping[str, Any]) -> pl.DataFrame:
    """The prediction table with the figures of merit of a task; the rows stay the same and in order.

    Raises:
        RequestError: An unknown class, an unknown setting or a missing column.
    """
    return material_class(str(task["name"])).evaluate(table, merit_settings(task))


def explain_task(ranked: pl.DataFrame, task: Mapping[str, Any]) -> pl.DataFrame:
    """The ranked table with the column `why`, one sentence per row, if the class gives explanations."""
    gates = (task.get("ranking") or {}).get("gates", {})
    why = material_class(str(task["name"])).explain(ranked, gates)
    return ranked if why is None else ranked.with_columns(why)


def rows_needing_symmetry(table: pl.DataFrame, task: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Rows of a prediction table, (B,), whose `space_group_number` the class needs."""
    return material_class(str(task["name"])).symmetry_matters(table, merit_settings(task))
