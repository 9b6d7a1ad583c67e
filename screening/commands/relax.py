"""`screening relax`: crystals in, relaxed crystals and their energies out; goes on after a kill."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from screening.configuration import as_dict, save_config
from screening.configuration.relax import RelaxConfig
from screening.configuration.trees import flattened
from screening.console import say
from screening.crystals import Crystal, ReadSettings, Rejection, read_crystals
from screening.crystals.reading.inputs import find_source
from screening.errors import RequestError
from screening.files import output_folder
from screening.jobs.scoring import expected_inputs, progress
from screening.potentials.base import Potential
from screening.potentials.registry import load_potential
from screening.relaxation.progress_file import FILE, Finished, Progress, digest_of
from screening.relaxation.relaxation import RelaxationSettings, Relaxed, relax
from screening.relaxation.results import results_table, write_xyz
from screening.tables import rejected_table, write_table
from screening.tracking.address import TrackingSettings, shown_uri, sqlite_path, tracking_uri
from screening.tracking.provenance import run_record, sha256, write_json
from screening.tracking.runs import RUN_FILE, Run, open_run
from screening.tracking.server import ARTIFACT_FOLDER

SETTINGS_FILE = "config.yaml"
RESULTS = ("relaxed.extxyz", "relaxed.parquet", "relaxed.csv", "rejected.csv", "run.json")
_OWN_FILES = (*RESULTS, FILE, SETTINGS_FILE, RUN_FILE)


@dataclass
class _Inputs:
    """What came in: the digest of each crystal by its id, in order, and what cannot be relaxed."""

    digests: dict[str, str] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)
    resumed: int = 0


def run(config: RelaxConfig) -> None:
    """Relax what is not finished yet, then write the results of all."""
    source, folder = find_source(config.candidates), Path(config.output_dir)
    potential = load_potential(config.potential, config.device)
    tracking = TrackingSettings(config.tracking.uri, config.tracking.experiment)
    items = read_crystals(source, _read_settings(config, potential, tracking))
    hashes = {} if potential.checkpoint is None else {"potential": sha256(potential.checkpoint)}
    kept = Progress(output_folder(folder, "output_dir"), _settings(config) | hashes)
    tags = {"potential": config.potential}
    started = time.perf_counter()
    with open_run(tracking, folder, f"relax: {source.name}", tags) as tracked:
        save_config(config, folder / SETTINGS_FILE)
        inputs = _Inputs()
        with kept:
            _relax(config, potential, items, inputs, kept)
        table = _write(folder, inputs, kept, config.candidates)
        record = run_record(
            command="relax",
            config=as_dict(config),
            seeds={"seed": config.seed},
            hashes=hashes | {"candidates": sha256(source)},
            mlflow={"run_id": tracked.run_id, "tracking_uri": shown_uri(tracked.tracking_uri)},
            counts=_counts(table, inputs),
            timing_s={"relaxation": time.perf_counter() - started},
        )
        write_json(folder / "run.json", record)
        _track(tracked, folder, table, inputs, config)
    _tell(config, table, inputs)


def _read_settings(config: RelaxConfig, potential: Potential, tracking: TrackingSettings) -> ReadSettings:
    folder, database = Path(config.output_dir), sqlite_path(tracking_uri(tracking))
    own = [folder, *(folder / name for name in _OWN_FILES)]
    own += [] if database is None else [database, database.with_name(ARTIFACT_FOLDER)]
    return ReadSettings(
        order=config.order,
        workers=config.workers,
        max_atoms=config.max_atoms,
        elements=potential.elements,
        passed_over=frozenset(path.resolve() for path in own),
    )


def _settings(config: RelaxConfig) -> dict[str, Any]:
    """What a result hangs on, besides the crystal."""
    names = ("potential", "fmax_eV_per_A", "max_steps", "relax_cell")
    return {name: getattr(config, name) for name in names}


def _relax(
    config: RelaxConfig, potential: Potential, items: Iterable[Crystal | Rejection], inputs: _Inputs, kept: Progress
) -> None:
    settings = RelaxationSettings(config.fmax_eV_per_A, config.max_steps, config.relax_cell, config.batch_atoms)
    with progress(expected_inputs(config.candidates)) as advance:
        for result in relax(potential, _unfinished(items, inputs, kept), settings):
            kept.add(Finished(inputs.digests[result.crystal.candidate_id], result))
            advance(1)


def _unfinished(items: Iterable[Crystal | Rejection], inputs: _Inputs, kept: Progress) -> Iterator[Crystal]:
    for item in items:
        if isinstance(item, Rejection):
            inputs.rejected.append(item)
            continue
        digest = inputs.digests[item.candidate_id] = digest_of(item)
        if (item.candidate_id, digest) in kept:
            inputs.resumed += 1
        else:
            yield item


def _write(folder: Path, inputs: _Inputs, kept: Progress, candidates: str) -> pl.DataFrame:
    """The files, each whole or not at all; returns the table. RequestError if there is nothing to put in it."""
    failed = [
        Rejection(result.crystal.candidate_id, result.crystal.source, "relax", result.failure)
        for result in kept.results(inputs.digests)
        if result.failure
    ]
    inputs.rejected += failed
    write_table(rejected_table(inputs.rejected), folder / "rejected.csv")
    if len(failed) == len(inputs.digests):
        first = f"; the first: {inputs.rejected[0].reason}" if inputs.rejected else ""
        raise RequestError(
            f"candidates={candidates}: none of {len(inputs.rejected)} inputs could be relaxed{first}; every reason is "
            f"in {folder / 'rejected.csv'}"
        )
    table = results_table(_sound(kept, inputs))
    write_table(table, folder / "relaxed.parquet")
    write_table(table, folder / "relaxed.csv")
    write_xyz(_sound(kept, inputs), folder / "relaxed.extxyz")
    return table


def _sound(kept: Progress, inputs: _Inputs) -> Iterator[Relaxed]:
    return (result for result in kept.results(inputs.digests) if not result.failure)


def _counts(table: pl.DataFrame, inputs: _Inputs) -> dict[str, Any]:
    return {
        "read": table.height + len(inputs.rejected),
        "relaxed": table.height,
        "converged": int(table["converged"].sum()),
        "rejected": len(inputs.rejected),
        "kept_from_before": inputs.resumed,
    }


def _track(run: Run, folder: Path, table: pl.DataFrame, inputs: _Inputs, config: RelaxConfig) -> None:
    run.log_params(dict(flattened(as_dict(config))))
    run.log_metrics({f"count/{name}": count for name, count in _counts(table, inputs).items()})
    run.log_table(table, "relaxed")
    run.log_table(rejected_table(inputs.rejected), "rejected")
    for name in RESULTS:
        run.log_artifact(folder / name)


def _tell(config: RelaxConfig, table: pl.DataFrame, inputs: _Inputs) -> None:
    counts = _counts(table, inputs)
    before = f" ({inputs.resumed} of them before)" if inputs.resumed else ""
    say(
        f"{counts['relaxed']} relaxed{before}, {counts['relaxed'] - counts['converged']} of them not converged in "
        f"{config.max_steps} steps; {counts['rejected']} rejected (reasons in rejected.csv)"
    )
    say(f"results: {config.output_dir}")
