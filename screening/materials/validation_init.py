"""Rankings held against measurements: what a material class predicts for known compounds, and how wrong that is.

A class that has reference materials has a module of its name here with a function `compare(ranked, rows, settings,
unseen)` and a table of the same name in `datasets/reference/`; nothing else has to know of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from screening.errors import RequestError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from screening.materials.reference import Comparison


def compare_with_measurements(
    task: str,
    ranked: pl.DataFrame,
    rows: Sequence[Mapping[str, str]],
    settings: Mapping[str, Any],
    unseen: NDArray[np.bool_],
) -> Comparison:
    """The ranked table of reference materials, `candidate_id` being their names, beside what was measured.

    rows: of the reference table, as text. settings: the task's `merit` section. unseen: rows of `ranked`, (B,), that no
    model learned from. Raises RequestError as `check_task`.
    """
    check_task(task)
    result: Comparison = import_module(f"screening.materials.{task}.comparison").compare(ranked, rows, settings, unseen)
    return result


def check_task(task: str) -> None:
    """Raise RequestError for a material class that has no such comparison yet."""
    known = ["magnets"]
    if task not in known:
        raise RequestError(
            f"task={task}: there is no evaluation on reference materials yet; there is one for {', '.join(known)}"
        )
