"""Fitting barriers to calculated ones, as a release."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from screening.checksums import file_sha256
from screening.errors import RequestError
from screening.materials.electrodes.barriers.barrier_card import barrier_card
from screening.materials.electrodes.barriers.barrier_data import BARRIERS_FILE, barrier_examples
from screening.materials.electrodes.barriers.barrier_fit import FOREST, fit_barrier_part
from screening.materials.electrodes.barriers.barrier_model import BARRIER_PART
from screening.materials.electrodes.barriers.barrier_predictor import BARRIER_FORMAT
from screening.materials.exclusions import EXCLUDE_HELP, formulas_to_exclude
from screening.materials.predictor_kind import FitRecipe
from screening.settings import setting, settings_class
from screening.tabular.fit_settings import ForestFitSettings
from screening.tabular.release import TabularRelease


@settings_class
class BarrierFitKeys:
    """Keys of `screening fit barrier`."""

    barriers: str = setting(
        help="folder with barriers.jsonl.gz: the columns of paths, as `screening barriers` reads them, and barrier_eV",
        path=True,
    )
    exclude: str | None = setting(default=None, help=EXCLUDE_HELP, path=True)


def fit_barrier(settings: Mapping[str, Any], folder: Path, progress: Callable[[str], object]) -> TabularRelease:
    """Describe the paths and fit the model.

    Args:
        settings: Of `screening fit barrier`.
        folder: Where the release will be written; also its name if none is given.
        progress: Reports the error of each seed.

    Raises:
        RequestError: The barriers are missing or too few, or the file of `exclude` is not one of formulas.
    """
    table = Path(settings["barriers"])
    if not table.is_dir():
        raise RequestError(f"barriers={table}: expected a folder with {BARRIERS_FILE} in it")
    started = time.perf_counter()
    excluded = formulas_to_exclude(settings["exclude"])
    examples = barrier_examples(table, excluded)
    forest = replace(FOREST, n_trees=settings["n_trees"] or FOREST.n_trees)
    wanted = ForestFitSettings(forest, settings["seed"], settings["n_seeds"])
    part, report = fit_barrier_part(examples, wanted, progress)
    part.settings["report"] = report
    training = {
        "barriers_sha256": file_sha256(table / BARRIERS_FILE),
        "excluded": len(excluded),
        "seed": wanted.seed,
        "minutes": round((time.perf_counter() - started) / 60, 1),
    }
    return TabularRelease(settings["name"] or folder.resolve().name, {BARRIER_PART: part}, training, BARRIER_FORMAT)


BARRIER_RECIPE = FitRecipe(
    summary="""Fit migration barriers to calculated ones; takes some minutes on one core.

    Writes weights.safetensors, config.json and MODEL_CARD.md (with the errors in chemical systems that the fit never
    saw) to output_dir. Use the result with `barrier=FOLDER`.

    Examples:
      screening fit barrier barriers=downloads/barriers output_dir=runs/barrier
    """,
    keys=BarrierFitKeys,
    fit=fit_barrier,
    card=barrier_card,
)
