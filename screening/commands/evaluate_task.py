"""`screening evaluate task=NAME`: measured compounds through the whole ranking, predictions beside measurements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from screening.configuration import as_dict, save_config
from screening.configuration.evaluate import EvaluateConfig
from screening.configuration.trees import flattened
from screening.console import say
from screening.crystals import Crystal, ReadSettings, as_crystals
from screening.crystals.reading.wyckoff_table import primitive_cell, read_rows
from screening.data.store import Store, open_store
from screening.errors import RequestError
from screening.files import output_folder
from screening.jobs.opening import learned_predictors
from screening.jobs.scoring import Tally, check_scoring, rank_candidates
from screening.materials.predictors import Predictors
from screening.materials.reference import Comparison
from screening.materials.registry import class_names, material_class
from screening.materials.task_merit import merit_settings
from screening.materials.training_overlap import MEANINGS, NEVER, training_overlap
from screening.networks.predictor import Predictor
from screening.tables import write_table
from screening.tracking.address import TrackingSettings, shown_uri
from screening.tracking.provenance import run_record, sha256, write_json
from screening.tracking.registry import fetch_model
from screening.tracking.runs import Run, open_run

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

TABLE, STATISTICS = "reference.csv", "reference.json"


@dataclass(frozen=True)
class Models:
    """What predicts, and the store that it was trained on, if it was given."""

    predictors: Predictors
    store: Store | None

    def learned(self, ranked: pl.DataFrame) -> dict[str, list[str]]:
        """Column -> for each row the key of `MEANINGS` that applies."""
        systems, formulas = ranked["chemical_system"].to_list(), ranked["formula"].to_list()
        network = self.predictors.network.config.training
        found = {"learned_by_network": training_overlap(systems, formulas, network, self.store, only=True)}
        for name, predictor in self.predictors.learned.items():
            if predictor.training is not None:
                entries = training_overlap(systems, formulas, predictor.training, self.store, only=False)
                found[f"learned_by_{name}"] = entries
        return found


def evaluate_on_reference(config: EvaluateConfig) -> None:
    """Rank the reference materials, compare, write reference.csv and reference.json, print both in short."""
    path = reference_table(config)
    rows = read_rows(path)
    crystals, left_out = reference_crystals(rows, path)
    tracking = TrackingSettings(config.tracking.uri, config.tracking.experiment)
    models = _models(config, tracking)
    task = config.task_settings
    predictors = models.predictors
    check_scoring(predictors, task)
    folder = output_folder(Path(config.output_dir), "output_dir")
    parameters = {"task": config.task.name, "model": config.model}
    with open_run(tracking, folder, f"evaluate: {config.task.name}", parameters) as run:
        save_config(config, folder / "config.yaml")
        tally = Tally()
        items = as_crystals(crystals, ReadSettings(order=config.order, workers=0, elements=predictors.network.elements))
        ranked = rank_candidates(predictors, items, task, config.batch_atoms, tally)
        left_out |= {rejection.candidate_id: rejection.reason for rejection in tally.rejected}
        if not ranked.height:
            raise RequestError(
                f"reference={path}: no compound can be ranked; the first: {next(iter(left_out.items()))}"
            )
        known = models.learned(ranked)
        never = np.all([[entry == NEVER for entry in column] for column in known.values()], axis=0)
        result = material_class(config.task.name).compare(ranked, rows, merit_settings(task), never)
        table = result.table.with_columns(pl.Series(name, column) for name, column in known.items())
        record = _record(config, models, path, run, tally) | {
            "statistics": result.statistics,
            "learned": {"meanings": MEANINGS} | {name: dict(Counter(column)) for name, column in known.items()},
            "left_out": left_out,
        }
        write_table(table, folder / TABLE)
        write_json(folder / STATISTICS, record)
        _track(run, folder, result, config)
    _say(result, known, left_out, folder)


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


def _models(config: EvaluateConfig, tracking: TrackingSettings) -> Models:
    predictors = Predictors(
        Predictor.load(fetch_model(tracking, config.model), config.device, config.precision),
        learned_predictors(config.predictor_choices, as_dict(config)),
    )
    return Models(predictors, open_store(Path(config.data.path)) if config.data.path is not None else None)


def _record(config: EvaluateConfig, models: Models, path: Path, run: Run, tally: Tally) -> dict[str, Any]:
    hashes = {name: sha256(folder) for name, folder in models.predictors.folders.items()} | {"reference": sha256(path)}
    return run_record(
        command="evaluate",
        config=as_dict(config),
        seeds={"seed": config.seed},
        hashes=hashes,
        mlflow={"run_id": run.run_id, "tracking_uri": shown_uri(run.tracking_uri)},
        counts=tally.counts,
        timing_s=tally.seconds,
    )


def _track(run: Run, folder: Path, result: Comparison, config: EvaluateConfig) -> None:
    run.log_params(dict(flattened(as_dict(config))))
    figures = flattened(result.statistics)
    run.log_metrics({key.replace(".", "/"): value for key, value in figures if isinstance(value, int | float)})
    run.log_table(result.table, "reference")
    for file in (TABLE, STATISTICS):
        run.log_artifact(folder / file)


def _say(result: Comparison, known: Mapping[str, list[str]], left_out: Mapping[str, str], folder: Path) -> None:
    entries = [list(dict.fromkeys(entry)) for entry in zip(*known.values(), strict=True)]
    table = result.shown.with_columns(pl.Series("learned", [", ".join(entry) for entry in entries]))
    say("each quantity: predicted | measured")
    with pl.Config(
        tbl_rows=-1,
        tbl_cols=-1,
        tbl_width_chars=200,
        fmt_str_lengths=40,
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
    ):
        say(str(table))
    for sentence in result.sentences:
        say(sentence)
    if len(known) > 1 and any(len(entry) > 1 for entry in entries):
        say(f"learned, where two entries stand: {', then '.join(known)}")
    for entry in dict.fromkeys(entry for row in entries for entry in row):
        say(f"learned, {entry}: {MEANINGS[entry]}")
    for name, reason in left_out.items():
        say(f"left out: {name}: {reason}")
    say(f"table and statistics: {folder / TABLE}, {folder / STATISTICS}")
