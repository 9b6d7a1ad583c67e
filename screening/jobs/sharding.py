"""A ranking in shards: each scores its share of the candidates into durable parts, and one job joins them all."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from screening.cluster.joining import INPUT_SCHEMA, join, one_row_per_input
from screening.cluster.part_files import SHARDS, PartFolder
from screening.configuration import save_config
from screening.configuration.rank import RankConfig
from screening.crystals import Crystal, Rejection
from screening.crystals.reading.entries import Entry, Shard, Survey, read_entries
from screening.crystals.reading.inputs import find_source
from screening.crystals.spool import from_bytes, to_bytes
from screening.errors import RequestError, ScreeningError
from screening.files import output_folder
from screening.jobs.funnel import Funnel
from screening.jobs.kept_rows import FunnelRows, rows_depend_on
from screening.jobs.opening import load_predictors, read_settings, watched
from screening.jobs.rank import Scored, complete, earlier_review, own_files, tracked
from screening.jobs.ranking_outcome import Ranking
from screening.jobs.scoring import Tally, check_scoring, no_predictions, predictions, space_groups
from screening.locks import folder_lock, part_lock
from screening.signals import held_back
from screening.tracking.ranking_folder import SETTINGS_FILE

PART_ROWS, PART_SECONDS = 4096, 120.0
"""A part is written when it has so many rows or is so old: that much is lost at most when a job is killed."""


@dataclass
class _Pending:
    """Rows that are not on disk yet; entries: of inputs under way, by their key; crystals: as they were scored."""

    folder: PartFolder
    entries: dict[str, Entry] = field(default_factory=dict)
    crystals: dict[str, bytes] = field(default_factory=dict)
    rows: list[pl.DataFrame] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    def watch(self, entries: Iterable[Entry]) -> Iterator[Crystal | Rejection]:
        """The inputs themselves, remembered until their rows come."""
        for entry in entries:
            self.entries[entry.item.candidate_id] = entry
            yield entry.item

    def keep(self, crystals: list[Crystal]) -> None:
        """The crystals of a batch as they are scored."""
        self.crystals |= {crystal.candidate_id: to_bytes(crystal) for crystal in crystals}

    def add(self, table: pl.DataFrame, rejected: list[Rejection]) -> None:
        """The rows of a batch; on disk when there are enough."""
        scored = [self._inputs(key, None) for key in table["candidate_id"]]
        refused = [self._inputs(rejection.candidate_id, rejection) for rejection in rejected]
        self.rows.append(
            pl.concat(
                [pl.DataFrame(scored, INPUT_SCHEMA, orient="row"), table.drop("candidate_id", "source")],
                how="horizontal",
            )
        )
        if refused:
            self.rows.append(pl.DataFrame(refused, INPUT_SCHEMA, orient="row"))
        enough = sum(rows.height for rows in self.rows) >= PART_ROWS
        if enough or time.monotonic() - self.since > PART_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Put what there is on disk."""
        table = pl.concat(self.rows, how="diagonal") if self.rows else pl.DataFrame()
        with held_back():  # no row twice
            if table.height:
                self.folder.append(table)
            self.rows, self.since = [], time.monotonic()

    def _inputs(self, key: str, rejection: Rejection | None) -> tuple[Any, ...]:
        entry = self.entries.pop(key)
        said = (None, None) if rejection is None else (rejection.stage, rejection.reason)
        crystal = self.crystals.pop(key, None)
        source = entry.item.source
        return (entry.position, entry.content, entry.wanted_id, source, entry.crystal_digest, *said, crystal)


def unfinished_shards(config: RankConfig) -> list[int]:
    """The shards of config.output_dir that are still to be scored; writes nothing.

    Raises RequestError for a wrong request and for parts of another job.
    """
    find_source(config.candidates)
    predictors = load_predictors(config)
    check_scoring(predictors, config.task_settings)
    header = rows_depend_on(config, predictors)
    folders = [_shard(config, header, index) for index in range(config.shards)]
    return [index for index, folder in enumerate(folders) if not folder.is_complete()]


def score_shard(config: RankConfig, index: int) -> Tally:
    """Score one shard of config.shards into its parts; goes on where an earlier job with this shard stopped.

    Told to stop, it puts what is scored on disk first. Raises RequestError for a wrong request, for parts of
    another job, and if the candidates have changed since.
    """
    folder = Path(config.output_dir)
    with part_lock(folder, _shard_folder(config, index), "output_dir"):
        return _score_locked(config, index)


def _score_locked(config: RankConfig, index: int) -> Tally:
    predictors = load_predictors(config)
    check_scoring(predictors, config.task_settings)
    parts = _part_folder(config, rows_depend_on(config, predictors), index)
    if predictors.quick:  # who needs a second stage is known only when all are there
        predictors = predictors.at_first()
    done = _done_before(parts)
    survey, pending = Survey(), _Pending(parts)
    save_config(replace(config, shard=None), Path(config.output_dir) / SHARDS / SETTINGS_FILE)

    def is_done(position: int, content: int) -> bool:
        if position in done and done[position] != content:
            raise RequestError(
                f"candidates={config.candidates}: input {position} is not what it was when {parts.folder} was written; "
                "choose another output_dir, or delete the shards to start again"
            )
        return position in done

    settings = read_settings(config, predictors.network.elements, own_files(Path(config.output_dir)))
    hashes = watched(config.candidates, settings)
    entries = read_entries(find_source(config.candidates), settings, Shard(index, config.shards), is_done, survey)
    tally, reported = Tally(), 0
    join_columns = space_groups(config.task_settings, tally, pending.keep)
    try:
        for table in predictions(predictors, pending.watch(entries), config.batch_atoms, tally, join_columns):
            pending.add(table, tally.rejected[reported:])
            reported = len(tally.rejected)
    except KeyboardInterrupt:
        pending.flush()
        raise
    pending.flush()
    counts = {"scored": tally.scored, "rejected": len(tally.rejected), "earlier": len(done)}
    read = {"total": survey.total, "fingerprint": survey.fingerprint, "hashes": hashes()}
    parts.finish({**read, "seconds": tally.seconds, **counts})
    return tally


def reduce_shards(config: RankConfig) -> Ranking:
    """Join the shards of config.output_dir into the ranking that one machine would have made; repeating is harmless.

    Raises ScreeningError naming what is missing.
    """
    with folder_lock(Path(config.output_dir), "output_dir", joins=True):
        return _reduce_locked(config)


def _reduce_locked(config: RankConfig) -> Ranking:
    predictors = load_predictors(config)
    header = rows_depend_on(config, predictors)
    folders = [_part_folder(config, header, index) for index in range(config.shards)]
    summaries = _summaries(folders)
    rows = pl.concat([table for folder in folders for table in folder.tables()], how="diagonal")
    joined = join(one_row_per_input(rows, summaries), no_predictions(predictors).columns)
    tally = Tally(scored=joined.predictions.height, rejected=joined.rejected, seconds=_summed(summaries))

    def crystal_of(candidate_id: str) -> Crystal:
        return _named(joined.crystals[candidate_id], candidate_id)

    review = earlier_review(config)
    kept = FunnelRows(Path(config.output_dir), header)
    funnel = Funnel(config, predictors, tally, crystal_of, kept)
    with tracked(config, review) as run:
        scored = Scored(funnel.refined(joined.predictions), funnel, _hashes(summaries))
        return complete(config, predictors, scored, review, run)


def _part_folder(config: RankConfig, header: dict[str, Any], index: int) -> PartFolder:
    output_folder(Path(config.output_dir), "output_dir")
    parts = _shard(config, header, index)
    parts.folder.mkdir(parents=True, exist_ok=True)
    return parts


def _shard(config: RankConfig, header: dict[str, Any], index: int) -> PartFolder:
    shards = Path(config.output_dir) / SHARDS
    others = {path.name for path in shards.glob("*-of-*") if path.name.split("-of-")[1] != str(config.shards)}
    if others:
        raise RequestError(
            f"shards={config.shards}: {shards} holds {', '.join(sorted(others))} of another division; "
            "choose another output_dir, or delete them to start again"
        )
    return PartFolder(_shard_folder(config, index), header | {"shard": index, "shards": config.shards})


def _shard_folder(config: RankConfig, index: int) -> Path:
    return Path(config.output_dir) / SHARDS / f"{index}-of-{config.shards}"


def _done_before(parts: PartFolder) -> dict[int, int]:
    """Digest of the content by position, of the inputs that stand in a part already."""
    done: dict[int, int] = {}
    for table in parts.tables():
        done |= dict(zip(table["position"].to_list(), table["content"].to_list(), strict=True))
    return done


def _summaries(folders: list[PartFolder]) -> list[dict[str, Any]]:
    found = {folder.folder.name: folder.summary() for folder in folders}
    missing = [name for name, summary in found.items() if summary is None]
    if missing:
        raise ScreeningError(
            f"{folders[0].folder.parent}: {len(missing)} of {len(found)} shards are not complete: "
            f"{', '.join(missing)}; run them again (they go on where they stopped), then reduce"
        )
    return [summary for summary in found.values() if summary is not None]


def _summed(summaries: list[dict[str, Any]]) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for said in summaries:
        for stage, value in said["seconds"].items():
            seconds[stage] = seconds.get(stage, 0.0) + value
    return seconds


def _hashes(summaries: list[dict[str, Any]]) -> dict[str, str]:
    """Hashes of the candidates as the shards read them; those that differ are all recorded."""
    found = {json.dumps(said.get("hashes", {}), sort_keys=True): said.get("hashes", {}) for said in summaries}
    if len(found) <= 1:
        return next(iter(found.values()), {})
    return {f"{name}_of_shard_{n}": value for n, said in enumerate(summaries) for name, value in said["hashes"].items()}


def _named(stored: bytes, candidate_id: str) -> Crystal:
    crystal = from_bytes(stored)
    charged = None if crystal.charged is None else replace(crystal.charged, candidate_id=candidate_id)
    return replace(crystal, candidate_id=candidate_id, charged=charged)
