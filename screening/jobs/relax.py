"""The job of `screening relax`: crystals and their energies into files, going on after a kill, or in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening import __version__
from screening.configuration import as_dict, save_config
from screening.configuration.relax import RelaxConfig
from screening.configuration.trees import flattened
from screening.crystals import Crystal, Rejection
from screening.crystals.reading.inputs import find_source
from screening.errors import RequestError
from screening.jobs.loaded import LoadedModels
from screening.jobs.opening import kept_potential, read_settings, tracking_settings, watched
from screening.jobs.outcome import TableOutcome
from screening.jobs.recording import hashes_of, on_device, potential_record, read_from, settings_of_result
from screening.jobs.scoring import expected_inputs, open_candidates, progress
from screening.locks import folder_lock
from screening.potentials.base import Potential
from screening.relaxation.progress_file import FILE, Finished, Progress, digest_of
from screening.relaxation.relaxation import RelaxationSettings, Relaxed, relax
from screening.relaxation.results import results_table, write_xyz
from screening.tables import rejected_table, write_table
from screening.tracking.address import shown_uri
from screening.tracking.provenance import output_hashes, run_record, write_run_record
from screening.tracking.ranking_folder import RECORD, SETTINGS_FILE
from screening.tracking.run_file import RUN_FILE, claim_folder
from screening.tracking.runs import Run, open_run

if TYPE_CHECKING:
    from screening.jobs.scoring import Candidates

Results = Callable[[Mapping[str, str]], Iterator[Relaxed]]
"""Gives the results of crystals (id to digest), in their order; those without any are left out."""

RESULTS = ("relaxed.extxyz", "relaxed.parquet", "relaxed.csv", "rejected.csv", "run.json")
_OWN_FILES = (*RESULTS, FILE, SETTINGS_FILE, RUN_FILE)


@dataclass
class _Inputs:
    """What came in: the digest of each crystal by its id, in order, and what cannot be relaxed."""

    digests: dict[str, str] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)
    resumed: int = 0


@dataclass(frozen=True, eq=False)
class Relaxation(TableOutcome):
    """Relaxed crystals.

    Attributes:
        table: One row a crystal with a result: energies in eV/atom before and after, forces in eV/Å, the cell.
        rejected: The inputs without a row: `candidate_id, source, stage, reason`.
        crystal_of: Gives the relaxed crystal of an id.
        resumed: How many results an earlier run had left.
    """

    resumed: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Inputs by fate."""
        return {
            "read": self.table.height + self.rejected.height,
            "relaxed": self.table.height,
            "converged": int(self.table["converged"].sum()),
            "rejected": self.rejected.height,
            "kept_from_before": self.resumed,
        }


def relax_to_folder(config: RelaxConfig, candidates: Candidates, models: LoadedModels | None = None) -> Relaxation:
    """Relax what is not finished yet, then write the results of all into config.output_dir.

    Args:
        config: The settings.
        candidates: What to relax.
        models: Potentials that are loaded already.

    Raises:
        RequestError: The request is wrong, or nothing could be relaxed.
    """
    folder = Path(config.output_dir)
    with folder_lock(folder, "output_dir"):
        return _relax_locked(config, folder, candidates, models)


def _relax_locked(config: RelaxConfig, folder: Path, candidates: Candidates, models: LoadedModels | None) -> Relaxation:
    own = [folder, *(folder / name for name in _OWN_FILES)]
    name, potential, items, hashes_of_candidates = _begin(config, candidates, models, own)
    used = {"potential": potential_record(config.potential, potential)}
    kept = Progress(folder, _decisive(config, potential))
    started = time.perf_counter()
    where, decisive = tracking_settings(config), settings_of_result(config)
    tags = {"potential": config.potential}
    with open_run(where, folder, f"relax: {name}", tags, settings_of_result=decisive) as run:
        inputs = _Inputs()
        with kept, progress(expected_inputs(candidates)) as advance:
            for result in relax(potential, _unfinished(items, inputs, kept), _settings(config)):
                kept.add(Finished(inputs.digests[result.crystal.candidate_id], result))
                advance(1)
        outcome = _outcome(inputs, kept.results)
        finished = (folder / RECORD).is_file()  # then what it left stays whole
        if not finished:
            write_table(outcome.rejected, folder / "rejected.csv")
        _require_one(outcome, config.candidates, "" if finished else f"; every reason is in {folder / 'rejected.csv'}")
        _write(folder, outcome, _sound(inputs, kept.results))
        save_config(config, folder / SETTINGS_FILE)
        record = run_record(
            command="relax",
            config=as_dict(config),
            seeds={"seed": config.seed},
            hashes=hashes_of({"models": used}) | hashes_of_candidates(),
            mlflow={"run_id": run.run_id, "tracking_uri": shown_uri(run.tracking_uri)},
            counts=outcome.counts,
            timing_s={"relaxation": time.perf_counter() - started},
        ) | {
            "resolved": on_device(potential.device, as_dict(config)),
            "models": used,
            "candidates": read_from(candidates, outcome.counts["read"]),
        }
        write_run_record(folder / RECORD, record | {"outputs": output_hashes(folder, RESULTS[:-1])})
        claim_folder(folder, run.run_id)
        _track(run, folder, outcome, config)
    return outcome


def relax_in_memory(config: RelaxConfig, candidates: Candidates, models: LoadedModels | None = None) -> Relaxation:
    """Relax all, and write and record nothing; arguments and errors as of `relax_to_folder`."""
    _, potential, items, _ = _begin(config, candidates, models, [])
    inputs = _Inputs()
    found: dict[str, Relaxed] = {}
    with progress(expected_inputs(candidates)) as advance:
        for result in relax(potential, _unfinished(items, inputs, ()), _settings(config)):
            found[result.crystal.candidate_id] = result
            advance(1)
    outcome = _outcome(inputs, lambda keys: (found[key] for key in keys if key in found))
    _require_one(outcome, config.candidates, "")
    return outcome


def _begin(
    config: RelaxConfig, candidates: Candidates, models: LoadedModels | None, own: Iterable[Path]
) -> tuple[str, Potential, Iterator[Crystal | Rejection], Callable[[], dict[str, str]]]:
    """What the candidates are called, the potential, the candidates and their hashes. Raises RequestError."""
    name = find_source(candidates).name if isinstance(candidates, str | Path) else config.candidates
    potential = kept_potential(config.potential, config.device, models)
    settings = read_settings(config, potential.elements, own)
    hashes = watched(candidates, settings)
    return name, potential, open_candidates(candidates, settings), hashes


def _decisive(config: RelaxConfig, potential: Potential) -> dict[str, Any]:
    """What a result hangs on, besides the crystal."""
    names = ("potential", "fmax_eV_per_A", "max_steps", "relax_cell")
    settings = {name: getattr(config, name) for name in names}
    return settings | {"version": __version__, "SHA-256 of the potential": potential.fingerprint}


def _settings(config: RelaxConfig) -> RelaxationSettings:
    return RelaxationSettings(config.fmax_eV_per_A, config.max_steps, config.relax_cell, config.batch_atoms)


def _unfinished(
    items: Iterable[Crystal | Rejection], inputs: _Inputs, finished: Progress | tuple[()]
) -> Iterator[Crystal]:
    for item in items:
        if isinstance(item, Rejection):
            inputs.rejected.append(item)
            continue
        digest = inputs.digests[item.candidate_id] = digest_of(item)
        if (item.candidate_id, digest) in finished:
            inputs.resumed += 1
        else:
            yield item


def _sound(inputs: _Inputs, results: Results) -> Iterator[Relaxed]:
    return (result for result in results(inputs.digests) if not result.failure)


def _outcome(inputs: _Inputs, results: Results) -> Relaxation:
    failed = [
        Rejection(result.crystal.candidate_id, result.crystal.source, "relax", result.failure)
        for result in results(inputs.digests)
        if result.failure
    ]
    failures = {rejection.candidate_id for rejection in failed}

    def crystal_of(candidate_id: str) -> Crystal:
        if candidate_id in failures:
            raise KeyError(candidate_id)
        return next(results({candidate_id: inputs.digests[candidate_id]})).crystal

    table, rejected = results_table(_sound(inputs, results)), rejected_table([*inputs.rejected, *failed])
    return Relaxation(table, rejected, crystal_of, inputs.resumed)


def _require_one(outcome: Relaxation, candidates: str, where: str) -> None:
    """Raise RequestError if there is no result; where: a clause that says where the reasons are."""
    if outcome.table.is_empty():
        first = f"; the first: {outcome.rejected['reason'][0]}" if outcome.rejected.height else ""
        raise RequestError(
            f"candidates={candidates}: none of {outcome.rejected.height} inputs could be relaxed{first}{where}"
        )


def _write(folder: Path, outcome: Relaxation, results: Iterator[Relaxed]) -> None:
    """The files of the results, each whole or not at all."""
    (folder / RECORD).unlink(missing_ok=True)  # without it the folder does not look finished
    write_table(outcome.rejected, folder / "rejected.csv")
    write_table(outcome.table, folder / "relaxed.parquet")
    write_table(outcome.table, folder / "relaxed.csv")
    write_xyz(results, folder / "relaxed.extxyz")


def _track(run: Run, folder: Path, outcome: Relaxation, config: RelaxConfig) -> None:
    run.log_params(dict(flattened(as_dict(config))))
    run.log_metrics({f"count/{name}": count for name, count in outcome.counts.items()})
    run.log_table(outcome.table, "relaxed")
    run.log_table(outcome.rejected, "rejected")
    for name in RESULTS:
        run.log_artifact(folder / name)
