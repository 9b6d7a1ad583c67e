"""`screening evaluate`: errors, coverage and baselines of a model on labelled crystals, by chemical group."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from screening.array_types import Floats
from screening.commands.evaluate_task import evaluate_on_reference
from screening.commands.evaluation_data import LabelledRows, labelled_rows
from screening.configuration import as_dict, save_config
from screening.configuration.evaluate import EvaluateConfig
from screening.configuration.trees import flattened
from screening.console import say
from screening.crystals.packed import PackedCrystals
from screening.files import output_folder, write_text_atomic
from screening.learning.baselines import Baselines, baselines
from screening.learning.chemical_groups import group_masks
from screening.learning.evaluation import (
    ALL_ROWS,
    EVERYTHING,
    FLAGGED,
    UNFLAGGED,
    Scores,
    as_rows,
    flagged_over_rest,
    score,
)
from screening.learning.measured import Measured, measure, predictions_table
from screening.learning.model_card import CardContext, merge_card, model_card
from screening.learning.quantities import reader_quantities
from screening.networks.predictor import Predictor
from screening.release_folder import CARD
from screening.report.evaluation_page import EvaluationContent, render_evaluation
from screening.tables import write_table
from screening.tracking.address import TrackingSettings
from screening.tracking.provenance import write_json
from screening.tracking.registry import fetch_model
from screening.tracking.runs import Run, open_run

PAGE = "evaluation.html"
_FIGURES = ("n", "mae", "rmse", "r2", "coverage", "width", "mae_constant", "mae_composition")


@dataclass(frozen=True)
class Evaluation:
    """measured: predictions beside labels; calibration: the same of the store's calibration split, if it has one."""

    measured: Measured
    calibration: Measured | None
    scores: list[Scores]
    card: str

    @property
    def table(self) -> pl.DataFrame:
        """One row a quantity, group and set of rows."""
        return pl.DataFrame(as_rows(self.scores))


def run(config: EvaluateConfig) -> None:
    """Evaluate; write scores, predictions, pictures and a model card; print the main figures."""
    if config.has_task:
        evaluate_on_reference(config)
        return
    tracking = TrackingSettings(config.tracking.uri, config.tracking.experiment)
    predictor = Predictor.load(fetch_model(tracking, config.model), config.device)
    with tempfile.TemporaryDirectory() as scratch:
        data = labelled_rows(config, predictor.config, Path(scratch))
        folder = output_folder(Path(config.output_dir), "output_dir")
        with open_run(tracking, folder, f"evaluate: {config.model}", {"model": config.model}) as tracked:
            save_config(config, folder / "config.yaml")
            result = evaluate(predictor, data, config)
            _write(folder, result, data, predictor, config)
            _track(tracked, folder, result, data.name, config)
    _say(result, folder)


def evaluate(predictor: Predictor, data: LabelledRows, config: EvaluateConfig) -> Evaluation:
    """Scores of a model; raises RequestError when it can score none of the crystals."""
    measured = measure(predictor, data.store, data.rows, config.batch_atoms)
    crystals = data.store.crystals.take(measured.rows)
    groups = group_masks(crystals.element_counts())
    scores = score(measured, _baselines(data, measured, crystals), groups)
    calibration = None
    if data.reference is not None and len(data.calibration):
        calibration = measure(predictor, data.reference, data.calibration, config.batch_atoms)
    setting = CardContext(
        measured_on=data.name,
        unseen=data.unseen,
        same_store=data.store.content_hash == predictor.config.training.get("store_sha256"),
        has_training=len(data.train) > 0,
        left_out=measured.left_out,
        command=_command(config),
    )
    card = model_card(predictor.config, scores, setting)
    written = predictor.folder / CARD
    if written.is_file():
        card = merge_card(written.read_text(encoding="utf-8"), card)
    return Evaluation(measured, calibration, scores, card)


def _baselines(data: LabelledRows, measured: Measured, crystals: PackedCrystals) -> Baselines:
    if data.reference is None or not len(data.train):
        return Baselines.without_training(measured.labels)
    return baselines(data.reference, data.train, crystals, measured.targets, _composition)


def _composition(crystals: PackedCrystals) -> Floats:
    from screening.tabular.composition_features import composition_features

    return composition_features(crystals.element_counts())


def _command(config: EvaluateConfig) -> list[str]:
    """What to type to repeat this, keys at their defaults left out."""
    data = config.data
    keys: dict[str, object] = {
        "model": config.model,
        "data.path": data.path,
        "data.source": data.source,
        "data.labels": data.labels,
    }
    keys |= {"data.max_crystals": data.max_crystals, "data.split_file": data.split_file}
    keys |= {"data.split_column": data.split_column if data.split_file else None}
    keys |= {"split": None if config.split == "auto" else config.split, "output_dir": config.output_dir}
    return ["screening", "evaluate", *(f"{key}={value}" for key, value in keys.items() if value is not None)]


def _write(folder: Path, result: Evaluation, data: LabelledRows, predictor: Predictor, config: EvaluateConfig) -> None:
    write_table(result.table, folder / "scores.csv")
    write_json(folder / "scores.json", {"scores": result.table.to_dicts(), "config": as_dict(config)})
    write_table(predictions_table(data.store, result.measured), folder / "predictions.parquet")
    write_text_atomic(folder / CARD, result.card)
    own = predictor.folder / CARD
    if data.unseen and not own.exists() and os.access(own.parent, os.W_OK):
        write_text_atomic(own, result.card)  # a model of one's own gets its card with the first measurement
    content = EvaluationContent(
        model=predictor.config.name,
        measured_on=data.name,
        formulas=data.store.index["formula"][result.measured.rows.tolist()].to_list(),
        ids=data.store.index["crystal_id"][result.measured.rows.tolist()].to_list(),
        measured=result.measured,
        calibration=result.calibration,
        scores=result.scores,
    )
    write_text_atomic(folder / PAGE, render_evaluation(content))


def _track(tracked: Run, folder: Path, result: Evaluation, name: str, config: EvaluateConfig) -> None:
    tracked.log_params(dict(flattened(as_dict(config))))
    part = name.removeprefix("the ").removesuffix(" split").replace("/", " ")
    for s in result.scores:
        where = "/".join([part, s.target, *([] if s.group == EVERYTHING else [s.group]), s.rows])
        tracked.log_metrics({f"{where}/{figure}": getattr(s, figure) for figure in _FIGURES})
    ratios = flagged_over_rest(result.scores)
    tracked.log_metrics({f"{part}/{target}/flagged_over_rest": ratio for target, ratio in ratios.items()})
    tracked.log_table(result.table, "scores")
    for file in (CARD, PAGE, "scores.csv", "predictions.parquet"):
        tracked.log_artifact(folder / file)


def _say(result: Evaluation, folder: Path) -> None:
    wanted = [quantity.name for quantity in reader_quantities(result.measured.targets)]
    main = [EVERYTHING, FLAGGED, UNFLAGGED]
    table = result.table.filter(pl.col("target").is_in(wanted), pl.col("group").is_in(main))
    if table["group"].n_unique() == 1:
        table = table.drop("group")
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, float_precision=4, tbl_hide_dataframe_shape=True):
        say(str(table))
    worst = _worst_group(result.scores, wanted)
    if worst:
        say(f"lowest coverage of a chemical group: {worst}")
    if result.measured.left_out:
        say(f"{result.measured.left_out} crystals left out: the model cannot score them")
    say(f"{result.measured.structures_per_s:.0f} structures/s; scores and model card in {folder}; see {folder / PAGE}")


def _worst_group(scores: list[Scores], wanted: list[str]) -> str:
    from screening.learning.evaluation import FEWEST

    groups = [s for s in scores if s.target in wanted and s.group not in (EVERYTHING, FLAGGED, UNFLAGGED)]
    known = [s for s in groups if s.n >= FEWEST and s.rows != ALL_ROWS] or [s for s in groups if s.n >= FEWEST]
    if not known:
        return ""
    lowest = min(known, key=lambda s: s.coverage)
    return f"{100 * lowest.coverage:.0f} % of {lowest.n} {lowest.group}, {lowest.target}"
