"""Figures of merit: predicted properties become what a magnetician or a battery chemist asks for.

A material class is one module here with a function `evaluate(table, settings)` whose settings are a dataclass, and one
file in `configs/task/`; nothing else has to know of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING, Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from screening.errors import RequestError
from screening.settings import build_settings, nearest

if TYPE_CHECKING:
    import polars as pl


def evaluate_task(name: str, table: pl.DataFrame, settings: Mapping[str, Any]) -> pl.DataFrame:
    """The table with the figures of merit of material class `name`; rows keep their order and number.

    table: the prediction table. settings: the task's `merit` section as a plain dictionary.
    Raises RequestError on an unknown class, an unknown setting or a missing column.
    """
    module = _module(name)
    result: pl.DataFrame = module.evaluate(table, _settings(module, settings))
    return result


def symmetry_matters(name: str, table: pl.DataFrame, settings: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Rows of the prediction table, (B,), whose `space_group_number` the class wants to know; none if it never asks.

    A class that does has a function `symmetry_matters(table, settings)`. Errors as in `evaluate_task`.
    """
    module = _module(name)
    if not hasattr(module, "symmetry_matters"):
        return np.zeros(table.height, dtype=np.bool_)
    rows: NDArray[np.bool_] = module.symmetry_matters(table, _settings(module, settings))
    return rows


def explain_task(name: str, ranked: pl.DataFrame, ranking: Mapping[str, Any]) -> pl.DataFrame:
    """The ranked table with the column `why`, a plain sentence a row, if the class explains itself.

    A class that does has a function `explain(ranked, gates)`, which gets the `gates` of the task's `ranking` section.
    """
    module = _module(name)
    if not hasattr(module, "explain"):
        return ranked
    return ranked.with_columns(module.explain(ranked, ranking.get("gates", {})))


def task_names() -> list[str]:
    """Material classes that have a module here."""
    return [info.name for info in iter_modules(__path__) if info.ispkg]


@cache  # asked for with every batch of a ranking
def _module(name: str) -> ModuleType:
    if name not in task_names():
        raise RequestError(f"task.name={name}: no such material class{nearest(name, task_names())}")
    return import_module(f"{__name__}.{name}.merit")


def _settings(module: ModuleType, values: Mapping[str, Any]) -> Any:
    return build_settings(get_type_hints(module.evaluate)["settings"], values, "task.merit")
