"""The job of `screening rank`: from candidates, or from the parts of its shards, to the files of the contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from screening.cluster.part_files import SHARDS
from screening.cluster.submitted import JOBS
from screening.configuration import as_dict, save_config
from screening.configuration.rank import RankConfig
from screening.crystals import Crystal
from screening.crystals.spool import CrystalSpool
from screening.files import output_folder
from screening.finalists.build import finalists
from screening.jobs.opening import hash_of, load_predictors, read_settings, require_any, tracking_settings
from screening.jobs.scoring import (
    Tally,
    check_scoring,
    expected_inputs,
    no_predictions,
    open_candidates,
    predictions,
    rank_landmarks,
    rank_predictions,
    space_groups,
)
from screening.materials.predictors import Predictors
from screening.report.finalist_files import write_finalist_files
from screening.report.page import ReportContent, write_report
from screening.tables import write_table
from screening.tracking.address import log_command, shown_uri
from screening.tracking.decisions import ReviewEffect, review_effect, with_decisions, without_rejected
from screening.tracking.lineage import model_origin
from screening.tracking.provenance import run_record, sha256, write_json
from screening.tracking.ranking_folder import FILES, FINALISTS, RECORD, SETTINGS_FILE, ranking_name
from screening.tracking.rankings import log_ranking
from screening.tracking.reviews import Review, read_review
from screening.tracking.runs import RUN_FILE, Run, open_run

if TYPE_CHECKING:
    from screening.jobs.scoring import Candidates

OWN_NAMES = (*FILES, FINALISTS, SHARDS, JOBS, SETTINGS_FILE, RUN_FILE)
"""No candidates, should the output folder be the one that is read."""


@dataclass(frozen=True)
class Ranking:
    """table: sorted by rank; rejected; landmarks: known materials scored along; record: the content of run.json.

    review: what an earlier review did to this ranking, None if it was not asked for one.
    """

    table: pl.DataFrame
    rejected: pl.DataFrame
    landmarks: pl.DataFrame
    record: dict[str, Any]
    review: ReviewEffect | None = None


@dataclass(frozen=True)
class Scored:
    """All candidates with their predictions, in the order they were read. crystal_of: by candidate id; hashes: of what
    was read."""

    predictions: pl.DataFrame
    tally: Tally
    crystal_of: Callable[[str], Crystal]
    hashes: dict[str, str]


def rank_to_folder(config: RankConfig, candidates: Candidates, *, keep: bool = True) -> Ranking:
    """Rank and write everything that the contract names into config.output_dir, tracked in MLflow.

    keep: whether the caller will find the files, so that an error may point to them. A wrong request is refused before
    the folder or a run is made.
    """
    folder = Path(config.output_dir)
    tally = Tally(expected_inputs(candidates))
    predictors = load_predictors(config)
    items = open_candidates(candidates, read_settings(config, predictors.network, own_files(folder)))
    task = config.task_settings
    check_scoring(predictors, task)
    review = earlier_review(config)
    output_folder(folder, "output_dir")
    with tracked(config) as run, CrystalSpool(folder) as spool:
        join = space_groups(task, tally, spool.add)
        found = pl.concat(
            [no_predictions(predictors), *predictions(predictors, items, config.batch_atoms, tally, join)]
        )
        scored = Scored(found, tally, spool.get, hash_of(candidates))
        return complete(config, predictors, scored, review, run, keep=keep)


def own_files(folder: Path) -> list[Path]:
    """What a ranking writes."""
    return [folder, *(folder / name for name in OWN_NAMES)]


def tracked(config: RankConfig) -> Any:
    """The run of a ranking, opened, and the settings in its folder."""
    folder = Path(config.output_dir)
    save_config(config, folder / SETTINGS_FILE)
    tags = {"task": config.task.name, "model": config.model}
    settings, name = tracking_settings(config), ranking_name(config.task.name, config.candidates)
    return open_run(settings, folder, name, tags, later=log_command(settings, folder))


def earlier_review(config: RankConfig) -> Review | None:
    """The review that the ranking is asked to heed. Raises RequestError if it cannot be read."""
    if config.review is None:
        return None
    return read_review(tracking_settings(config), config.review, "review", task=config.task.name)


def complete(
    config: RankConfig, predictors: Predictors, scored: Scored, review: Review | None, run: Run, *, keep: bool = True
) -> Ranking:
    """Order the candidates; landmarks, finalists, files and the record of the ranking."""
    folder, task, tally = Path(config.output_dir), config.task_settings, scored.tally
    found = scored.predictions
    if review is not None:
        found, refused = without_rejected(found, review)
        tally.scored, tally.rejected = found.height, [*tally.rejected, *refused]
    rejected = tally.rejected_table()
    if not tally.scored:
        write_table(rejected, folder / "rejected.csv")
    require_any(tally, config.candidates, folder / "rejected.csv" if keep else None)
    with tally.stage("ranking"):
        table = rank_predictions(found, task)
    table = table if review is None else with_decisions(table, review)
    effect = None if review is None else review_effect(review, table, rejected)
    landmarks = rank_landmarks(predictors, task, config.batch_atoms)
    with tally.stage("finalists"):
        best = table.head(config.report.cards)
        closer = finalists(best, scored.crystal_of, task, config.class_keys, predictors.learned)
    content = ReportContent(table, rejected, landmarks, {}, task, closer, config.report.language)
    # Without its record a folder is no finished ranking: whoever stops here leaves none that is half an earlier one.
    (folder / RECORD).unlink(missing_ok=True)
    with tally.stage("pictures"):
        write_finalist_files(folder, content)
    record = _record(config, predictors, scored, run) | ({} if effect is None else {"review": effect.record})
    _write(folder, replace(content, run=record))
    log_ranking(run, folder)
    return Ranking(table, rejected, landmarks, record, effect)


def _record(config: RankConfig, predictors: Predictors, scored: Scored, run: Run) -> dict[str, Any]:
    tracked_at = {"run_id": run.run_id, "experiment_id": run.experiment_id, "tracking_uri": shown_uri(run.tracking_uri)}
    return run_record(
        command="rank",
        config=as_dict(config),
        seeds={"seed": config.seed},
        hashes={name: sha256(path) for name, path in predictors.folders.items()} | scored.hashes,
        mlflow=tracked_at,
        counts=scored.tally.counts,
        timing_s=scored.tally.seconds,
        model=model_origin(predictors.network.config.training),
    )


def _write(folder: Path, content: ReportContent) -> None:
    write_table(content.ranking, folder / "ranking.parquet")
    write_table(content.ranking, folder / "ranking.csv")
    write_table(content.rejected, folder / "rejected.csv")
    write_table(content.landmarks, folder / "landmarks.parquet")
    write_report(folder / "report.html", content)
    write_json(folder / RECORD, dict(content.run))
