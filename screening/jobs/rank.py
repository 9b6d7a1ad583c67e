"""The job of `screening rank`: from candidates, or from the parts of its shards, to the files of the contract."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from screening.cluster.part_files import PARTS, SHARDS
from screening.cluster.submitted import JOBS
from screening.configuration import as_dict, save_config
from screening.configuration.rank import RankConfig
from screening.crystals import Crystal, Rejection
from screening.crystals.spool import CrystalSpool
from screening.errors import RequestError
from screening.jobs.funnel import Funnel
from screening.jobs.kept_rows import FUNNEL, FunnelRows, rows_depend_on
from screening.jobs.loaded import LoadedModels
from screening.jobs.opening import load_predictors, read_settings, require_any, tracking_settings, watched
from screening.jobs.ranking_outcome import Ranking
from screening.jobs.recording import changed_settings, hashes_of, is_own, read_from, settings_of_ranking, what_ran
from screening.jobs.scoring import (
    Tally,
    check_scoring,
    expected_inputs,
    open_candidates,
    rank_predictions,
    space_groups,
)
from screening.locks import folder_lock
from screening.materials.predictors import Predictors
from screening.materials.stages import stage_counts
from screening.report.finalist_files import write_finalist_files
from screening.report.page import ReportContent, write_report
from screening.tables import write_table
from screening.tracking.address import log_command, shown_uri
from screening.tracking.decisions import of_these_crystals, review_effect, with_decisions, without_rejected
from screening.tracking.lineage import model_origin
from screening.tracking.provenance import output_hashes, run_record, write_run_record
from screening.tracking.ranking_folder import (
    FILES,
    FINALISTS,
    PAGE,
    RECORD,
    SETTINGS_FILE,
    TABLES,
    edited_since,
    ranking_name,
)
from screening.tracking.rankings import log_ranking
from screening.tracking.reviews import Review, read_review
from screening.tracking.run_file import RUN_FILE, claim_folder
from screening.tracking.runs import Run, open_run

if TYPE_CHECKING:
    from screening.jobs.scoring import Candidates

logger = logging.getLogger(__name__)

OWN_NAMES = (*FILES, FINALISTS, FUNNEL, SHARDS, JOBS, SETTINGS_FILE, RUN_FILE)
"""No candidates, should the output folder be the one that is read."""


@dataclass(frozen=True)
class Scored:
    """All candidates with their predictions, in the order they were read.

    Attributes:
        predictions: One row a candidate.
        funnel: The stages that made them.
        hashes: Of what was read.
        in_memory: Whether the candidates are structures in memory.
    """

    predictions: pl.DataFrame
    funnel: Funnel
    hashes: dict[str, str]
    in_memory: bool = False

    @property
    def tally(self) -> Tally:
        """What became of the inputs."""
        return self.funnel.tally

    @property
    def crystal_of(self) -> Callable[[str], Crystal]:
        """Gives the crystal of a candidate by its id."""
        return self.funnel.crystal_of


def rank_to_folder(
    config: RankConfig, candidates: Candidates, models: LoadedModels | None = None, *, keep: bool = True
) -> Ranking:
    """Rank and write everything that the contract names into config.output_dir, tracked in MLflow.

    A wrong request leaves neither a folder nor a run. While it runs, no other job may write into the folder.

    Args:
        config: The settings.
        candidates: What to rank.
        models: Those that are loaded already.
        keep: Whether the caller will find the files, so that an error may point to them.

    Raises:
        RequestError: The request is wrong, or no candidate is valid.
    """
    folder = Path(config.output_dir)
    with folder_lock(folder, "output_dir", parts=PARTS):
        reading = _Reading.begin(config, candidates, models, own_files(folder))
        with tracked(config, reading.review) as run:
            scored = reading.scored(config, CrystalSpool(folder), keep=True)
            return complete(config, reading.predictors, scored, reading.review, run, keep=keep)


def rank_in_memory(config: RankConfig, candidates: Candidates, models: LoadedModels | None = None) -> Ranking:
    """Rank, and neither write, draw nor record anything; arguments and errors as of `rank_to_folder`."""
    reading = _Reading.begin(config, candidates, models, [])
    scored = reading.scored(config, CrystalSpool())
    review = _of_these_crystals(reading.review, scored)
    scored = _still_open(scored, review)
    require_any(scored.tally, config.candidates, None)
    ranking = _ordered(config, reading.predictors, scored, review)
    ranking.record.update(_record(ranking, scored, Run()))
    return ranking


@dataclass(frozen=True)
class _Reading:
    """A ranking whose request is checked and whose candidates are about to be read."""

    predictors: Predictors
    items: Iterator[Crystal | Rejection]
    tally: Tally
    review: Review | None
    hashes: Callable[[], dict[str, str]]
    in_memory: bool
    models: LoadedModels | None

    @classmethod
    def begin(
        cls, config: RankConfig, candidates: Candidates, models: LoadedModels | None, own: Iterable[Path]
    ) -> _Reading:
        """Raises RequestError for a wrong request."""
        tally = Tally(expected_inputs(candidates))
        predictors = load_predictors(config, models)
        settings = read_settings(config, predictors.network.elements, own)
        hashes = watched(candidates, settings)
        items = open_candidates(candidates, settings)
        check_scoring(predictors, config.task_settings)
        in_memory = not isinstance(candidates, str | Path)
        return cls(predictors, items, tally, earlier_review(config), hashes, in_memory, models)

    def scored(self, config: RankConfig, spool: CrystalSpool, *, keep: bool = False) -> Scored:
        """Read and predict; keep: whether rows of the second stage are kept in the output folder."""
        kept = FunnelRows(Path(config.output_dir), rows_depend_on(config, self.predictors)) if keep else None
        funnel = Funnel(config, self.predictors, self.tally, spool.get, kept, self.models)
        found = funnel.predictions(self.items, space_groups(config.task_settings, self.tally, spool.add))
        return Scored(found, funnel, self.hashes(), self.in_memory)


def own_files(folder: Path) -> list[Path]:
    """What a ranking writes."""
    return [folder, *(folder / name for name in OWN_NAMES)]


def tracked(config: RankConfig, review: Review | None) -> Any:
    """The run of a ranking, opened."""
    folder = Path(config.output_dir)
    tags = {"task": config.task.name, "model": config.model}
    settings, name = tracking_settings(config), ranking_name(config.task.name, config.candidates)
    later, decisive = log_command(settings, folder), settings_of_ranking(folder, config, _run_of(review))
    return open_run(settings, folder, name, tags, later=later, settings_of_result=decisive)


def earlier_review(config: RankConfig) -> Review | None:
    """The review that the ranking should respect. Raises RequestError if it cannot be read, or would be replaced."""
    if config.review is None:
        return None
    review = read_review(tracking_settings(config), config.review, "review", task=config.task.name)
    folder = Path(config.output_dir)
    changed = ", ".join(changed_settings(folder, config, review.run_id))
    if changed and is_own(folder, review.run_id) and Path(config.review).resolve() == folder.resolve():
        raise RequestError(
            f"review={config.review}: a ranking with another {changed} would replace the one that was reviewed there; "
            f"choose another output_dir, or give review={review.run_id}"
        )
    return review


def _run_of(review: Review | None) -> str | None:
    return None if review is None else review.run_id


def complete(
    config: RankConfig, predictors: Predictors, scored: Scored, review: Review | None, run: Run, *, keep: bool = True
) -> Ranking:
    """Order the candidates; landmarks, finalists, files and the record of the ranking."""
    review = _of_these_crystals(review, scored)
    folder, scored = Path(config.output_dir), _still_open(scored, review)
    tally = scored.tally
    if not tally.scored and not (folder / RECORD).is_file():  # what an earlier ranking left stays whole
        write_table(tally.rejected_table(), folder / "rejected.csv")
        require_any(tally, config.candidates, folder / "rejected.csv" if keep else None)
    require_any(tally, config.candidates, None)
    other = bool(changed_settings(folder, config, _run_of(review)))
    ranking = _ordered(config, predictors, scored, review, folder)
    with tally.stage("finalists"):
        content = ranking.content()
    if edited := edited_since(folder):
        logger.warning("%s: %s changed after the earlier ranking; replaced now", folder, ", ".join(edited))
    # Without its record a folder is no finished ranking: whoever stops here leaves none that is half an earlier one.
    (folder / RECORD).unlink(missing_ok=True)
    with tally.stage("pictures"):
        write_finalist_files(folder, content)
    ranking.record.update(_record(ranking, scored, run))
    save_config(config, folder / SETTINGS_FILE)
    _write(folder, replace(content, run=ranking.record), ranking.record)
    if run.run_id is not None or other:
        claim_folder(folder, run.run_id)
    if scored.funnel.kept is not None:
        scored.funnel.kept.clear()
    log_ranking(run, folder)
    return ranking


def _of_these_crystals(review: Review | None, scored: Scored) -> Review | None:
    return None if review is None else of_these_crystals(review, scored.predictions, scored.crystal_of)


def _still_open(scored: Scored, review: Review | None) -> Scored:
    """Without the candidates that an earlier review rejected, which join the refused ones of the tally."""
    if review is None:
        return scored
    found, refused = without_rejected(scored.predictions, review)
    scored.tally.scored, scored.tally.rejected = found.height, [*scored.tally.rejected, *refused]
    return replace(scored, predictions=found)


def _ordered(
    config: RankConfig, predictors: Predictors, scored: Scored, review: Review | None, folder: Path | None = None
) -> Ranking:
    """The ranking, its record still empty."""
    found = scored.funnel.finished(scored.predictions)
    rejected = scored.tally.rejected_table()
    with scored.tally.stage("ranking"):
        table = rank_predictions(found, config.task_settings)
    table = table if review is None else with_decisions(table, review)
    effect = None if review is None else review_effect(review, table, rejected)
    return Ranking(
        table, rejected, scored.crystal_of, config=config, predictors=predictors, review=effect, folder=folder
    )


def _record(ranking: Ranking, scored: Scored, run: Run) -> dict[str, Any]:
    tracked_at = {"run_id": run.run_id, "experiment_id": run.experiment_id, "tracking_uri": shown_uri(run.tracking_uri)}
    ran = what_ran(ranking.config, ranking.predictors)
    record = run_record(
        command="rank",
        config=as_dict(ranking.config),
        seeds={"seed": ranking.config.seed},
        hashes=hashes_of(ran) | scored.hashes,
        mlflow=tracked_at,
        counts=scored.tally.counts,
        timing_s=scored.tally.seconds,
        model=model_origin(ranking.predictors.network.config.training),
    )
    place = None if scored.in_memory else ranking.config.candidates
    record |= {**ran, "candidates": read_from(place, scored.tally.counts["read"])}
    if through := stage_counts(ranking.table):
        record["stages"] = through
    return record if ranking.review is None else record | {"review": ranking.review.record}


def _write(folder: Path, content: ReportContent, record: dict[str, Any]) -> None:
    """The tables, the report, and last of all the record, which gets their hashes."""
    write_table(content.ranking, folder / "ranking.parquet")
    write_table(content.ranking, folder / "ranking.csv")
    write_table(content.rejected, folder / "rejected.csv")
    write_table(content.landmarks, folder / "landmarks.parquet")
    write_report(folder / "report.html", content)
    record["outputs"] = output_hashes(folder, (*TABLES, PAGE, FINALISTS, SETTINGS_FILE))
    write_run_record(folder / RECORD, record)
