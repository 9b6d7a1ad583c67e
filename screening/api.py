"""`screening.predict` and `screening.rank` for notebooks: the commands, on paths or structures, returning tables."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from screening.configuration import as_dict, load_config, save_config
from screening.configuration.schemas import PredictConfig, RankConfig, ScoringConfig
from screening.configuration.trees import walk
from screening.crystals import Crystal, ReadSettings, Rejection
from screening.crystals.inputs import find_source
from screening.crystals.spool import CrystalSpool
from screening.energetics.electrodes import ElectrodePredictor
from screening.energetics.potentials import load_potential
from screening.errors import RequestError
from screening.finalists.build import finalists
from screening.magnetism.predict import MagnetismPredictor
from screening.networks.predictor import Predictor
from screening.predictors import Predictors
from screening.report.atomic import output_folder
from screening.report.page import ReportContent, write_report
from screening.report.tables import TableWriter, write_table
from screening.scoring import (
    Tally,
    check_task,
    expected_inputs,
    open_candidates,
    predictions,
    rank_candidates,
    rank_landmarks,
)
from screening.tracking.provenance import run_record, sha256, write_json
from screening.tracking.registry import fetch_model
from screening.tracking.runs import RUN_FILE, Run, open_run
from screening.tracking.settings import TrackingSettings, shown_uri, sqlite_path, tracking_uri
from screening.tracking.store import ARTIFACT_FOLDER

if TYPE_CHECKING:
    from screening.scoring import Candidates

Config = TypeVar("Config", bound=ScoringConfig)
SETTINGS_FILE = "config.yaml"
NO_RELAXATION = "none"
RESULTS = ("ranking.parquet", "ranking.csv", "rejected.csv", "landmarks.parquet", "report.html", "run.json")
_OWN_FILES = (*RESULTS, SETTINGS_FILE, RUN_FILE)  # no candidates, should the output folder be the one that is read


@dataclass(frozen=True)
class Predictions:
    """table: one row a crystal; rejected: `candidate_id, source, stage, reason`."""

    table: pl.DataFrame
    rejected: pl.DataFrame


@dataclass(frozen=True)
class Ranking:
    """table: sorted by rank; rejected; landmarks: known materials scored along; record: the content of run.json."""

    table: pl.DataFrame
    rejected: pl.DataFrame
    landmarks: pl.DataFrame
    record: dict[str, Any]


def predict(candidates: Candidates, output: str | Path | None = None, **keys: Any) -> Predictions:
    """Predicted properties with 80 % intervals; keys as in `screening predict --help`.

    candidates: a path, a bundled set's name, or any number of pymatgen structures, ASE atoms, crystals or paths.
    output: the Parquet table to keep, refusals beside it; None keeps nothing on disk.
    Raises RequestError on a wrong key, a missing file, or when no candidate is valid.
    """
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(output) if output is not None else Path(scratch) / "predictions.parquet"
        values = {"candidates": _shown(candidates), "output": str(target), **keys}
        config = load_config("predict", values=values)
        tally = predict_to_file(_config(config, PredictConfig), candidates, keep=output is not None)
        return Predictions(pl.read_parquet(target), tally.rejected_table())


def predict_to_file(config: PredictConfig, candidates: Candidates, *, keep: bool = True) -> Tally:
    """Stream predictions into config.output and refusals into its neighbour; both appear only when complete.

    keep: whether the caller will find the files, so that an error may point to them.
    """
    output = Path(config.output)
    rejected_file = output.with_name(f"{output.stem}.rejected.csv")
    if output.is_dir():
        raise RequestError(f"output={output}: is a folder; expected the name of a file")
    tally = Tally(expected_inputs(candidates))
    network, items = _open(config, candidates, [output, rejected_file])
    predictors = Predictors(network, MagnetismPredictor.load(config.magnetism))
    output_folder(output.parent, "output")
    with TableWriter(output) as writer:
        for table in predictions(predictors, items, config.batch_atoms, tally):
            with tally.stage("writing"):
                writer.write(table)
        write_table(tally.rejected_table(), rejected_file)
        _require_any(tally, config.candidates, rejected_file if keep else None)
    return tally


def rank(candidates: Candidates, task: str, output_dir: str | Path | None = None, **keys: Any) -> Ranking:
    """Rank candidates for a task (`magnets` or `electrodes`); keys as in `screening rank --help`.

    Without output_dir nothing is kept on disk and no MLflow run is made (unless `tracking` says so).
    Candidates and errors as in `predict`.
    """
    with tempfile.TemporaryDirectory() as scratch:
        values = {"candidates": _shown(candidates), "output_dir": str(output_dir or scratch), **keys}
        overrides = [f"task={task}"]
        if output_dir is None and not any(key.startswith("tracking") for key in keys):
            overrides.append("tracking=none")
        config = load_config("rank", overrides, values)
        return rank_to_folder(_config(config, RankConfig), candidates, keep=output_dir is not None)


def rank_to_folder(config: RankConfig, candidates: Candidates, *, keep: bool = True) -> Ranking:
    """Rank and write everything that the contract names into config.output_dir, tracked in MLflow.

    keep: as in `predict_to_file`. A wrong request is refused before the folder or a run is made.
    """
    folder = Path(config.output_dir)
    tracking = TrackingSettings(config.tracking.uri, config.tracking.experiment)
    task = config.task_settings
    tally = Tally(expected_inputs(candidates))
    network, items = _open(config, candidates, [folder, *(folder / name for name in _OWN_FILES)])
    predictors = Predictors(
        network,
        MagnetismPredictor.load(config.magnetism) if config.task.magnetic else None,
        ElectrodePredictor.load(config.voltage, config.working_ion, config.device) if config.task.both_ends else None,
        load_potential(config.relax, config.device) if config.relax != NO_RELAXATION else None,
    )
    check_task(predictors, task)
    output_folder(folder, "output_dir")
    name = f"{task['name']}: {Path(config.candidates).name}"
    tags = {"task": task["name"], "model": config.model}
    with open_run(tracking, folder, name, tags) as run, CrystalSpool(folder) as spool:
        save_config(config, folder / SETTINGS_FILE)
        table = rank_candidates(predictors, items, task, config.batch_atoms, tally, spool.add)
        rejected = tally.rejected_table()
        if not tally.scored:
            write_table(rejected, folder / "rejected.csv")
        _require_any(tally, config.candidates, folder / "rejected.csv" if keep else None)
        landmarks = rank_landmarks(predictors, task, config.batch_atoms)
        with tally.stage("finalists"):
            best = table.head(config.report.cards)
            found = finalists(best, spool.get, task, predictors.electrodes, config.profile_states)
        hashes = {name: sha256(path) for name, path in predictors.folders.items()} | _hash_of(candidates)
        ranking = Ranking(table, rejected, landmarks, _record(config, hashes, tally, run))
        _write(
            folder,
            ranking,
            ReportContent(table, rejected, landmarks, ranking.record, task, found, config.report.language),
        )
        _track(run, folder, ranking, tally, config)
    return ranking


def _open(
    config: ScoringConfig, candidates: Candidates, own: Iterable[Path]
) -> tuple[Predictor, Iterator[Crystal | Rejection]]:
    """The model and the stream of candidates; own: what this job writes, should it lie in the folder that is read."""
    tracking = TrackingSettings(config.tracking.uri, config.tracking.experiment)
    predictor = Predictor.load(fetch_model(tracking, config.model), config.device, config.precision)
    database = sqlite_path(tracking_uri(tracking))
    kept = [] if database is None else [database, database.with_name(ARTIFACT_FOLDER)]
    read = ReadSettings(
        order=config.order,
        workers=config.workers,
        max_atoms=config.max_atoms,
        elements=predictor.elements,
        passed_over=frozenset(path.resolve() for path in (*own, *kept)),
    )
    return predictor, open_candidates(candidates, read)


def _require_any(tally: Tally, candidates: str, rejected_file: Path | None) -> None:
    if tally.scored == 0:
        first = f"; the first: {tally.rejected[0].reason}" if tally.rejected else ""
        where = f"; every reason is in {rejected_file}" if rejected_file is not None else ""
        raise RequestError(
            f"candidates={candidates}: no valid candidate among {len(tally.rejected)} inputs{first}{where}"
        )


def _hash_of(candidates: Candidates) -> dict[str, str]:
    """Of what was read; structures in memory have no bytes to hash."""
    return {"candidates": sha256(find_source(candidates))} if isinstance(candidates, str | Path) else {}


def _record(config: RankConfig, hashes: dict[str, str], tally: Tally, run: Run) -> dict[str, Any]:
    return run_record(
        command="rank",
        config=as_dict(config),
        seeds={"seed": config.seed},
        hashes=hashes,
        mlflow={"run_id": run.run_id, "tracking_uri": shown_uri(run.tracking_uri)},
        counts=tally.counts,
        timing_s=tally.seconds,
    )


def _write(folder: Path, ranking: Ranking, content: ReportContent) -> None:
    write_table(ranking.table, folder / "ranking.parquet")
    write_table(ranking.table, folder / "ranking.csv")
    write_table(ranking.rejected, folder / "rejected.csv")
    write_table(ranking.landmarks, folder / "landmarks.parquet")
    write_json(folder / "run.json", ranking.record)
    write_report(folder / "report.html", content)


def _track(run: Run, folder: Path, ranking: Ranking, tally: Tally, config: RankConfig) -> None:
    run.log_params(dict(walk(as_dict(config))))
    run.log_metrics({"count/scored": tally.scored, "count/rejected": len(tally.rejected)})
    run.log_metrics({f"seconds/{name}": seconds for name, seconds in tally.seconds.items()})
    run.log_table(ranking.table, "ranking")
    run.log_table(ranking.rejected, "rejected")
    for name in RESULTS:
        run.log_artifact(folder / name)


def _shown(candidates: Candidates) -> str:
    return str(candidates) if isinstance(candidates, str | Path) else "structures in memory"


def _config(config: object, kind: type[Config]) -> Config:
    if not isinstance(config, kind):
        raise TypeError(f"expected {kind.__name__}")
    return config
