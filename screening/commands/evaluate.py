"""`screening evaluate`: errors, coverage and baselines of a model on a split of a store."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from screening.configuration import as_dict, save_config
from screening.configuration.schemas import EvaluateConfig
from screening.console import say
from screening.data.store import Store, open_store
from screening.errors import RequestError
from screening.learning.calibration import predict_labelled
from screening.learning.card import model_card
from screening.learning.data import DataSettings, labelled_graphs, split_rows
from screening.learning.evaluation import as_rows, composition_baseline, score_targets
from screening.networks.predictor import Predictor
from screening.report.atomic import output_folder, write_text_atomic
from screening.report.tables import write_table
from screening.tracking.provenance import write_json
from screening.tracking.registry import fetch_model
from screening.tracking.runs import open_run
from screening.tracking.settings import TrackingSettings


@dataclass(frozen=True)
class Evaluation:
    """scores: one row a target and set of rows; structures_per_s: network and graph slicing, on this machine."""

    scores: pl.DataFrame
    structures_per_s: float
    card: str


def run(config: EvaluateConfig) -> None:
    """Evaluate, write scores and a model card, print the table."""
    tracking = TrackingSettings(config.tracking.uri, config.tracking.experiment)
    predictor = Predictor.load(fetch_model(tracking, config.model), config.device)
    store = open_store(Path(config.data.path))
    folder = output_folder(Path(config.output_dir), "output_dir")
    with open_run(tracking, folder, f"evaluate: {config.model}", {"model": config.model}) as tracked:
        save_config(config, folder / "config.yaml")
        result = evaluate(predictor, store, config)
        write_table(result.scores, folder / "scores.csv")
        write_json(folder / "scores.json", {"scores": result.scores.to_dicts(), "config": as_dict(config)})
        write_text_atomic(folder / "MODEL_CARD.md", result.card)
        for row in result.scores.iter_rows(named=True):
            name = f"{config.split}/{row['target']}/{row['rows']}"
            tracked.log_metrics({f"{name}/{key}": row[key] for key in ("mae", "rmse", "r2", "coverage", "width")})
        tracked.log_table(result.scores, "scores")
        tracked.log_artifact(folder / "MODEL_CARD.md")
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, float_precision=4, tbl_hide_dataframe_shape=True):
        say(str(result.scores))
    say(f"{result.structures_per_s:.0f} structures/s; scores and model card in {folder}")


def evaluate(predictor: Predictor, store: Store, config: EvaluateConfig) -> Evaluation:
    """Scores of a model on a split; raises RequestError when the split has no labelled crystal."""
    model, release = predictor.model, predictor.config
    settings = DataSettings(store.path, release.targets, site_moments=False, max_crystals=config.data.max_crystals)
    rows = split_rows(store, settings)
    if not len(rows[config.split]):
        raise RequestError(f"split={config.split}: {store.path} has no labelled crystal there")
    data = labelled_graphs(store, rows[config.split], settings, release.graph)
    started = time.perf_counter()
    values, half_widths = predict_labelled(model, data, config.batch_atoms)
    rate = len(data) / (time.perf_counter() - started)
    constant, composition = composition_baseline(store, rows["train"], rows[config.split], release.targets)
    labels = data.labels.double().numpy()
    scores = score_targets(release.targets, labels, values, half_widths, constant, composition)
    table = pl.DataFrame(as_rows(scores))
    return Evaluation(table, rate, model_card(release, scores, config.split, store.meta))
