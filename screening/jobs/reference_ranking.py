"""The job of `screening evaluate task=NAME`: measured compounds ranked, predictions beside measurements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from screening.configuration import as_dict, save_config
from screening.configuration.evaluate import EvaluateConfig
from screening.configuration.trees import flattened
from screening.crystals import Crystal, ReadSettings, as_crystals
from screening.crystals.reading.wyckoff_table import primitive_cell, read_rows
from screening.data.store import Store, open_store
from screening.errors import RequestError
from screening.jobs.loaded import LoadedModels
from screening.jobs.opening import load_predictors, tracking_settings
from screening.jobs.recording import hashes_of, settings_of_result, what_ran
from screening.jobs.scoring import Tally, check_scoring, rank_candidates
from screening.locks import folder_lock
from screening.materials.predictors import Predictors
from screening.materials.reference import Comparison
from screening.materials.registry import class_names, material_class
from screening.materials.task_merit import merit_settings
from screening.materials.training_overlap import MEANINGS, NEVER, training_overlap
from screening.report.notebook import table_html
from screening.tables import write_table
from screening.tracking.address import shown_uri
from screening.tracking.provenance import run_record, sha256, write_json
from screening.tracking.ranking_folder import SETTINGS_FILE
from screening.tracking.run_file import claim_folder
from screening.tracking.runs import Run, open_run

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

REFERENCE_TABLE, REFERENCE_STATISTICS = "reference.csv", "reference.json"


@dataclass(frozen=True, eq=False)
class ReferenceEvaluation:
    """How a whole ranking does on measured materials.

    Attributes:
        table: One row a material, by rank: predictions, measured values under `NAME_measured`, what was learned.
        comparison: Statistics, and the same in words.
        learned: Column of the table -> for each row what the model may have learned of it.
        left_out: Materials that could not be ranked -> the reason.
        record: The content of `reference.json`.
    """

    table: pl.DataFrame
    comparison: Comparison = field(repr=False)
    learned: Mapping[str, list[str]] = field(repr=False)
    left_out: Mapping[str, str] = field(repr=False)
    record: dict[str, Any] = field(repr=False)

    @property
    def statistics(self) -> dict[str, Any]:
        """Errors, coverage and rank correlation by quantity."""
        return self.comparison.statistics

    def _repr_html_(self) -> str:
        """Predicted | measured, and the statistics in words."""
        shown = self.comparison.shown
        return table_html(shown, shown.columns, " ".join(self.comparison.sentences))


@dataclass(frozen=True)
class Models:
    """What predicts, and the store that it was trained on, if it was given."""

    predictors: Predictors
    store: Store | None

    def learned(self, ranked: pl.DataFrame) -> dict[str, list[str]]:
        """Column -> for each row the entry of `MEANINGS` that holds."""
        systems, formulas = ranked["chemical_system"].to_list(), ranked["formula"].to_list()
        network = self.predictors.network.config.training
        found = {"learned_by_network": training_overlap(systems, formulas, network, self.store, only=True)}
        for name, predictor in self.predictors.learned.items():
            if predictor.training is not None:
                entries = training_overlap(systems, formulas, predictor.training, self.store, only=False)
                found[f"learned_by_{name}"] = entries
        return found


def evaluate_on_reference(
    config: EvaluateConfig, folder: Path | None = None, models: LoadedModels | None = None
) -> ReferenceEvaluation:
    """Rank the reference materials and compare.

    Args:
        config: The settings.
        folder: Gets reference.csv and reference.json, with a run in MLflow; None: nothing is written or recorded.
        models: Those that are loaded already.

    Raises:
        RequestError: The request is wrong, or no material can be ranked.
    """
    if folder is None:
        return _compared(config, *_measured(config, models))
    with folder_lock(folder, "output_dir"):
        measured = _measured(config, models)
        parameters = {"task": config.task.name, "model": config.model}
        where, name, decisive = tracking_settings(config), f"evaluate: {config.task.name}", settings_of_result(config)
        with open_run(where, folder, name, parameters, settings_of_result=decisive) as run:
            result = _compared(config, *measured)
            result.record["mlflow"] = {"run_id": run.run_id, "tracking_uri": shown_uri(run.tracking_uri)}
            (folder / REFERENCE_STATISTICS).unlink(missing_ok=True)  # without it the folder does not look finished
            write_table(result.table, folder / REFERENCE_TABLE)
            save_config(config, folder / SETTINGS_FILE)
            write_json(folder / REFERENCE_STATISTICS, result.record)
            claim_folder(folder, run.run_id)
            _track(run, folder, result, config)
    return result


def _measured(
    config: EvaluateConfig, models: LoadedModels | None
) -> tuple[Models, Sequence[Mapping[str, str]], Sequence[Crystal | Structure], Mapping[str, str], Path]:
    """The models, the rows of the reference table, their crystals, what is left out, and the table's file."""
    path = reference_table(config)
    rows = read_rows(path)
    try:
        material_class(config.task.name).check_measured(rows)
    except RequestError as error:
        raise RequestError(f"reference={path}: {error}") from None
    crystals, left_out = reference_crystals(rows, path)
    store = open_store(Path(config.data.path)) if config.data.path is not None else None
    used = Models(load_predictors(config, models), store)
    check_scoring(used.predictors, config.task_settings)
    return used, rows, crystals, left_out, path


def _compared(
    config: EvaluateConfig,
    models: Models,
    rows: Sequence[Mapping[str, str]],
    crystals: Sequence[Crystal | Structure],
    left_out: Mapping[str, str],
    path: Path,
) -> ReferenceEvaluation:
    task, predictors, tally = config.task_settings, models.predictors, Tally()
    items = as_crystals(crystals, ReadSettings(order=config.order, workers=0, elements=predictors.network.elements))
    ranked = rank_candidates(predictors, items, task, config.batch_atoms, tally)
    left_out = {**left_out, **{rejection.candidate_id: rejection.reason for rejection in tally.rejected}}
    if not ranked.height:
        raise RequestError(f"reference={path}: no compound can be ranked; the first: {next(iter(left_out.items()))}")
    known = models.learned(ranked)
    never = np.all([[entry == NEVER for entry in column] for column in known.values()], axis=0)
    compared = material_class(config.task.name).compare(ranked, rows, merit_settings(task), never)
    ran = what_ran(config, predictors)
    hashes = hashes_of(ran) | {"reference": sha256(path)}
    record = run_record(
        command="evaluate",
        config=as_dict(config),
        seeds={"seed": config.seed},
        hashes=hashes,
        mlflow={"run_id": None, "tracking_uri": ""},
        counts=tally.counts,
        timing_s=tally.seconds,
    ) | {
        **ran,
        "statistics": compared.statistics,
        "learned": {"meanings": MEANINGS} | {name: dict(Counter(column)) for name, column in known.items()},
        "left_out": left_out,
    }
    table = compared.table.with_columns(pl.Series(name, column) for name, column in known.items())
    return ReferenceEvaluation(table, compared, known, left_out, record)


def reference_table(config: EvaluateConfig) -> Path:
    """The table that `reference=` names, or that of the class. Raises RequestError if it has none to compare with."""
    known = material_class(config.task.name)
    if not known.compares:
        others = ", ".join(name for name in class_names() if material_class(name).compares)
        raise RequestError(
            f"task={known.name}: there is no comparison with measurements for it yet; there is one for {others}"
        )
    path = Path(config.reference) if config.reference is not None else known.reference
    if path is None:
        raise RequestError(f"task={known.name} has no table of measured compounds; give one with reference=FILE")
    return path


def reference_crystals(
    rows: Sequence[Mapping[str, str]], path: Path
) -> tuple[list[Crystal | Structure], dict[str, str]]:
    """The primitive cells of all rows that can be built, and the reason for each other, by name.

    Raises RequestError where names are missing or not unique.
    """
    built, left_out = [], {}
    for name, count in Counter(row["name"] for row in rows).items():
        if not name or count > 1:
            raise RequestError(f"{path}: {f'the name {name} stands there twice' if name else 'a row without a name'}")
    for number, row in enumerate(rows, start=1):
        try:
            built.append(primitive_cell(row, f"{path.name}#{number}"))
        except RequestError as error:
            left_out[row["name"]] = str(error).removeprefix(f"{row['name']}: ")
    return built, left_out


def _track(run: Run, folder: Path, result: ReferenceEvaluation, config: EvaluateConfig) -> None:
    run.log_params(dict(flattened(as_dict(config))))
    figures = flattened(result.statistics)
    run.log_metrics({key.replace(".", "/"): value for key, value in figures if isinstance(value, int | float)})
    run.log_table(result.table, "reference")
    for file in (REFERENCE_TABLE, REFERENCE_STATISTICS):
        run.log_artifact(folder / file)
