"""The job of `screening evaluate`: errors, coverage and baselines of a model on labelled crystals, by group."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from screening.array_types import Floats
from screening.configuration import as_dict, save_config
from screening.configuration.evaluate import EvaluateConfig
from screening.configuration.trees import flattened
from screening.crystals.packed import PackedCrystals
from screening.files import output_folder, write_text_atomic
from screening.jobs.labelled_rows import LabelledRows, labelled_rows
from screening.jobs.loaded import LoadedModels
from screening.jobs.opening import load_network, tracking_settings
from screening.learning.baselines import Baselines, baselines
from screening.learning.chemical_groups import group_masks
from screening.learning.evaluation import EVERYTHING, Scores, as_rows, flagged_over_rest, score
from screening.learning.measured import Measured, measure, predictions_table
from screening.learning.model_card import CardContext, merge_card, model_card
from screening.networks.predictor import Predictor
from screening.release_folder import CARD
from screening.report.evaluation_page import EvaluationContent, render_evaluation
from screening.report.notebook import HtmlPage, table_html
from screening.tables import write_table
from screening.tracking.provenance import write_json
from screening.tracking.ranking_folder import SETTINGS_FILE
from screening.tracking.runs import Run, open_run

EVALUATION_PAGE = "evaluation.html"
_FIGURES = ("n", "mae", "rmse", "r2", "coverage", "width", "mae_constant", "mae_composition")
_PAGE_HEIGHT = 900


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How a model does on labelled crystals.

    Attributes:
        content: Predictions beside labels, of these crystals and of the store's calibration split.
        predictions: One row a crystal: labels, predictions and the ends of their intervals.
        model_card: Markdown for the folder of the model.
    """

    content: EvaluationContent = field(repr=False)
    predictions: pl.DataFrame
    model_card: str = field(repr=False)

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
    predictor = load_network(config, models)
    with tempfile.TemporaryDirectory() as scratch:
        data = labelled_rows(config, predictor.config, Path(scratch), report)
        folder = output_folder(Path(config.output_dir), "output_dir")
        name, tags = f"evaluate: {config.model}", {"model": config.model}
        decisive = settings_of_result(config)
        with open_run(tracking_settings(config), folder, name, tags, settings_of_result=decisive) as tracked:
            result = _evaluation(predictor, data, config)
            _write(folder, result, data, predictor, config)
            claim_folder(folder, tracked.run_id)
            _track(tracked, folder, result, config)
    return result


def evaluate_in_memory(config: EvaluateConfig, models: LoadedModels | None = None) -> Evaluation:
    """Evaluate, and write and record nothing; arguments and errors as of `evaluate_to_folder`."""
    predictor = load_network(config, models)
    with tempfile.TemporaryDirectory() as scratch:
        return _evaluation(predictor, labelled_rows(config, predictor.config, Path(scratch)), config)


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
    content = EvaluationContent(
        model=predictor.config.name,
        measured_on=data.name,
        formulas=data.store.index["formula"][measured.rows.tolist()].to_list(),
        ids=data.store.index["crystal_id"][measured.rows.tolist()].to_list(),
        measured=measured,
        calibration=calibration,
        scores=scores,
    )
    return Evaluation(content, predictions_table(data.store, measured), card)


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


def _write(folder: Path, result: Evaluation, unseen: bool, predictor: Predictor, config: EvaluateConfig) -> None:
    write_table(result.table, folder / "scores.csv")
    write_json(folder / "scores.json", {"scores": result.table.to_dicts(), "config": as_dict(config)})
    write_table(result.predictions, folder / "predictions.parquet")
    write_text_atomic(folder / CARD, result.model_card)
    own = predictor.folder / CARD
    if unseen and not own.exists() and os.access(own.parent, os.W_OK):
        write_text_atomic(own, result.model_card)  # your own model gets its card with the first measurement
    result.report().save(folder / EVALUATION_PAGE)


def _track(tracked: Run, folder: Path, result: Evaluation, config: EvaluateConfig) -> None:
    tracked.log_params(dict(flattened(as_dict(config))))
    part = result.content.measured_on.removeprefix("the ").removesuffix(" split").replace("/", " ")
    for s in result.scores:
        where = "/".join([part, s.target, *([] if s.group == EVERYTHING else [s.group]), s.rows])
        tracked.log_metrics({f"{where}/{figure}": getattr(s, figure) for figure in _FIGURES})
    ratios = flagged_over_rest(result.scores)
    tracked.log_metrics({f"{part}/{target}/flagged_over_rest": ratio for target, ratio in ratios.items()})
    tracked.log_table(result.table, "scores")
    for file in (CARD, EVALUATION_PAGE, "scores.csv", "predictions.parquet"):
        tracked.log_artifact(folder / file)
