"""The job of `screening evaluate`: errors, coverage and baselines of a model on labelled crystals, by group."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from screening.array_types import Floats
from screening.configuration import as_dict, save_config
from screening.configuration.evaluate import EvaluateConfig
from screening.configuration.trees import flattened
from screening.crystals.packed import PackedCrystals
from screening.files import write_text_atomic
from screening.jobs.import_data import REJECTED
from screening.jobs.labelled_rows import LabelledRows, labelled_rows
from screening.jobs.loaded import LoadedModels
from screening.jobs.opening import load_network, tracking_settings
from screening.jobs.recording import hashes_of, settings_of_result, what_ran
from screening.learning.baselines import Baselines, baselines
from screening.learning.chemical_groups import group_masks
from screening.learning.evaluation import EVERYTHING, Scores, as_rows, flagged_over_rest, score
from screening.learning.measured import Measured, measure, predictions_table
from screening.learning.model_card import CardContext, merge_card, model_card
from screening.locks import folder_lock, scratch_folder
from screening.materials.predictors import Predictors
from screening.materials.training_overlap import MEANINGS, overlap_in_words, training_overlap
from screening.networks.predictor import Predictor
from screening.release_folder import CARD
from screening.report.evaluation_page import EvaluationContent, render_evaluation
from screening.report.notebook import HtmlPage, table_html
from screening.tables import rejected_table, write_table
from screening.tracking.address import shown_uri
from screening.tracking.provenance import run_record, write_json
from screening.tracking.ranking_folder import SETTINGS_FILE
from screening.tracking.run_file import claim_folder
from screening.tracking.runs import Run, open_run

EVALUATION_PAGE = "evaluation.html"
_RECORD = "scores.json"
_FIGURES = ("n", "mae", "rmse", "r2", "coverage", "width", "mae_constant", "mae_composition")
_PAGE_HEIGHT = 900


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How a model does on labelled crystals.

    Attributes:
        content: Predictions beside labels, of these crystals and of the store's calibration split.
        predictions: One row a crystal: labels, predictions and the ends of their intervals.
        model_card: Markdown for the folder of the model.
        learned: How many of the crystals each key of `training_overlap.MEANINGS` applies to.
    """

    content: EvaluationContent = field(repr=False)
    predictions: pl.DataFrame
    model_card: str = field(repr=False)
    learned: dict[str, int] = field(default_factory=dict)

    @property
    def scores(self) -> list[Scores]:
        """Errors of each quantity, group and set of rows, in the quantity's unit."""
        return list(self.content.scores)

    @property
    def measured(self) -> Measured:
        """Predictions beside labels as arrays."""
        return self.content.measured

    @property
    def table(self) -> pl.DataFrame:
        """The scores, one row a quantity, group and set of rows."""
        return pl.DataFrame(as_rows(self.scores))

    def report(self) -> HtmlPage:
        """Draw the page with all scores and pictures."""
        return HtmlPage(render_evaluation(self.content), _PAGE_HEIGHT)

    def _repr_html_(self) -> str:
        main = self.table.filter(group=EVERYTHING)
        return table_html(main, main.columns, f"on {self.content.measured_on}; all {self.table.height} rows in .table")


def evaluate_to_folder(
    config: EvaluateConfig, models: LoadedModels | None = None, report: Callable[[str], object] = len
) -> Evaluation:
    """Evaluate; write scores, predictions, pictures and a model card into config.output_dir.

    Args:
        config: The settings.
        models: Those that are loaded already.
        report: Gets lines for the user on what cannot be read.

    Raises:
        RequestError: The request is wrong, or the model can score none of the crystals.
    """
    with folder_lock(Path(config.output_dir), "output_dir") as folder, scratch_folder() as scratch:
        predictor = load_network(config, models)
        data = labelled_rows(config, predictor.config, scratch)
        name, tags = f"evaluate: {config.model}", {"model": config.model}
        decisive = settings_of_result(config)
        with open_run(tracking_settings(config), folder, name, tags, settings_of_result=decisive) as tracked:
            result = _evaluation(predictor, data, config)
            if data.rejected:
                write_table(rejected_table(data.rejected), folder / REJECTED)
                first = data.rejected[0].reason
                report(f"{len(data.rejected)} left out, the first because: {first}; all in {folder / REJECTED}")
            _write(folder, result, data, predictor, config, tracked)
            claim_folder(folder, tracked.run_id)
            _track(tracked, folder, result, config)
    return result


def evaluate_in_memory(config: EvaluateConfig, models: LoadedModels | None = None) -> Evaluation:
    """Evaluate, and write and record nothing; arguments and errors as of `evaluate_to_folder`."""
    predictor = load_network(config, models)
    with scratch_folder() as scratch:
        return _evaluation(predictor, labelled_rows(config, predictor.config, scratch), config)


def _evaluation(predictor: Predictor, data: LabelledRows, config: EvaluateConfig) -> Evaluation:
    """Raises RequestError when the model can score none of the crystals."""
    measured = measure(predictor, data.store, data.rows, config.batch_atoms)
    crystals = data.store.crystals.take(measured.rows)
    groups = group_masks(crystals.element_counts())
    scores = score(measured, _baselines(data, measured, crystals), groups)
    calibration = None
    if data.reference is not None and len(data.calibration):
        calibration = measure(predictor, data.reference, data.calibration, config.batch_atoms)
    context = CardContext(
        measured_on=data.name,
        unseen=data.unseen,
        same_store=data.store.content_hash == predictor.config.training.get("store_sha256"),
        has_training=len(data.train) > 0,
        left_out=measured.left_out,
        command=_command(config),
    )
    card = model_card(predictor.config, scores, context)
    written = predictor.folder / CARD
    if written.is_file():
        card = merge_card(written.read_text(encoding="utf-8"), card)
    learned = _learned(data, measured, predictor.config.training)
    content = EvaluationContent(
        model=predictor.config.name,
        measured_on=data.name,
        formulas=data.store.index["formula"][measured.rows.tolist()].to_list(),
        ids=data.store.index["crystal_id"][measured.rows.tolist()].to_list(),
        measured=measured,
        calibration=calibration,
        scores=scores,
        learned=overlap_in_words(learned),
    )
    return Evaluation(content, predictions_table(data.store, measured), card, dict(Counter(learned)))


def _learned(data: LabelledRows, measured: Measured, training: Mapping[str, Any]) -> list[str]:
    """What the model may have learned of each crystal that was measured."""
    index = data.store.index[measured.rows.tolist()]
    same = data.store.content_hash == training.get("store_sha256")
    store, only = data.store if same else data.reference, "started_from" not in training
    return training_overlap(index["chemical_system"].to_list(), index["formula"].to_list(), training, store, only=only)


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


def _write(
    folder: Path, result: Evaluation, data: LabelledRows, predictor: Predictor, config: EvaluateConfig, tracked: Run
) -> None:
    """The files; the scores with the record of the job last, without which the folder does not look finished."""
    (folder / _RECORD).unlink(missing_ok=True)
    write_table(result.table, folder / "scores.csv")
    write_table(result.predictions, folder / "predictions.parquet")
    write_text_atomic(folder / CARD, result.model_card)
    own = predictor.folder / CARD
    if data.unseen and not own.exists() and os.access(own.parent, os.W_OK):
        write_text_atomic(own, result.model_card)  # your own model gets its card with the first measurement
    result.report().save(folder / EVALUATION_PAGE)
    save_config(config, folder / SETTINGS_FILE)
    write_json(folder / _RECORD, _record(result, data, predictor, config, tracked))


def _record(
    result: Evaluation, data: LabelledRows, predictor: Predictor, config: EvaluateConfig, tracked: Run
) -> dict[str, Any]:
    ran = what_ran(config, Predictors(predictor))
    record = run_record(
        command="evaluate",
        config=as_dict(config),
        seeds={"seed": config.seed},
        hashes=hashes_of(ran) | {"data": data.store.content_hash},
        mlflow={"run_id": tracked.run_id, "tracking_uri": shown_uri(tracked.tracking_uri)},
        counts={"read": len(data.rows) + len(data.rejected), "scored": len(result.measured)},
        timing_s={},
    )
    learned = {"meanings": MEANINGS, "crystals": result.learned, "sentence": result.content.learned}
    return record | ran | {"learned": learned, "scores": result.table.to_dicts()}


def _track(tracked: Run, folder: Path, result: Evaluation, config: EvaluateConfig) -> None:
    tracked.log_params(dict(flattened(as_dict(config))))
    part = result.content.measured_on.removeprefix("the ").removesuffix(" split").replace("/", " ")
    for s in result.scores:
        where = "/".join([part, s.target, *([] if s.group == EVERYTHING else [s.group]), s.rows])
        tracked.log_metrics({f"{where}/{figure}": getattr(s, figure) for figure in _FIGURES})
    ratios = flagged_over_rest(result.scores)
    tracked.log_metrics({f"{part}/{target}/flagged_over_rest": ratio for target, ratio in ratios.items()})
    tracked.log_metrics({f"learned/{entry}": count for entry, count in result.learned.items()})
    tracked.set_tags({"learned": result.content.learned})
    tracked.log_table(result.table, "scores")
    for file in (CARD, EVALUATION_PAGE, "scores.csv", "predictions.parquet"):
        tracked.log_artifact(folder / file)
