"""Finds the MLflow run that a job continues, or makes a new one."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.tracking.address import shown_uri
from screening.tracking.limits import PARAM_LENGTH, RUN_NAME_LENGTH, key, shorten
from screening.tracking.run_file import RUN_FILE, RunRecord, is_copy, read_record, record_at, write_record
from screening.tracking.server import experiment_id, retry_while_busy, unreachable

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

logger = logging.getLogger(__name__)

FOLDER_KEY = "screening.folder"
"""The tag with the key of the run's output folder."""


@dataclass(frozen=True)
class OpenedRun:
    """A run that is marked as running.

    Attributes:
        experiment_id: Its experiment.
        run_id: The run.
        found: What it held before; None for a new one.
    """

    experiment_id: str
    run_id: str
    found: MlflowRun | None


def find_or_make(
    client: MlflowClient,
    uri: str,
    experiment: str,
    output_dir: Path,
    run_name: str,
    about: Mapping[str, str],
    wanted: Mapping[str, str],
) -> OpenedRun:
    """Continue the run of an output folder, or make one.

    Args:
        client: Of the store.
        uri: The full address of the store.
        experiment: Name of the experiment.
        output_dir: The job's output folder, whose record names its run.
        run_name: The name that the run gets.
        about: Further tags of a new run.
        wanted: Parameters, as from `as_params`, that the run must not contradict.

    Raises:
        StoreError: If MLflow cannot be reached.
    """
    from mlflow.exceptions import MlflowException

    name = shorten(run_name, RUN_NAME_LENGTH)
    try:
        group = retry_while_busy(lambda: experiment_id(client, uri, experiment))
        before = _own_record(output_dir)
        record = record_at(before, shown_uri(uri), group)
        found = retry_while_busy(lambda: _run_to_resume(client, record))
        held: RunRecord | None = None
        if found is not None and (other := _other_settings(found, wanted)):
            logger.warning(
                "%s holds results with another %s: starting a new MLflow run; what was recorded and decided before "
                "stays with run %s", output_dir, ", ".join(other), found.info.run_id,
            )  # fmt: skip
            held, before = replace(record, run_id=str(found.info.run_id)), None
            record, found = _following(client, held, wanted)
        if found is None:
            if before is not None:
                _warn_of_new_run(before, record, output_dir / RUN_FILE)
            record = replace(record, run_id=None, finalists={})
            _keep(output_dir, record, held)
            marked = {FOLDER_KEY: record.key, **about}
            run_id = retry_while_busy(lambda: new_run(client, group, name, marked))
        else:
            run_id = str(found.info.run_id)
            retry_while_busy(lambda: client.update_run(run_id, status="RUNNING", name=name))
        _keep(output_dir, replace(record, run_id=run_id), held)
    except MlflowException as error:
        raise unreachable(uri, error) from error
    return OpenedRun(group, run_id, found)


def new_run(client: MlflowClient, group: str, name: str, tags: Mapping[str, str]) -> str:
    """Create a run together with its tags, so that it can always be found by them; returns its id."""
    about = {"mlflow.user": _user(), "mlflow.source.name": "screening", **tags}
    return str(client.create_run(group, run_name=shorten(name, RUN_NAME_LENGTH), tags=about).info.run_id)


def as_params(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as MLflow keeps them."""
    return {key(name): shorten(str(value), PARAM_LENGTH) for name, value in settings.items()}


def _other_settings(run: MlflowRun, wanted: Mapping[str, str]) -> list[str]:
    """The parameters of a run that differ from those wanted; none of a run that a kill left without any."""
    known = run.data.params
    return sorted(name for name, value in wanted.items() if known.get(name, value) != value)


def _keep(output_dir: Path, record: RunRecord, held: RunRecord | None) -> None:
    """Write the folder's record; held: of the results that stay until this job's are there."""
    write_record(output_dir, record if held is None else replace(held, following=record))


def _following(client: MlflowClient, held: RunRecord, wanted: Mapping[str, str]) -> tuple[RunRecord, MlflowRun | None]:
    """The record of a job with other settings than the folder's results, and its run if an earlier try made it."""
    following = record_at(held.following, *held.place)
    found = retry_while_busy(lambda: _run_to_resume(client, following))
    if found is not None and _other_settings(found, wanted):
        return record_at(None, *held.place), None
    return following, found


def _run_to_resume(client: MlflowClient, record: RunRecord) -> MlflowRun | None:
    """The run of the output folder, found by its id or the folder's key; None if it no longer exists."""
    from mlflow.exceptions import MlflowException

    if record.run_id is not None:
        try:
            found = client.get_run(record.run_id)
            if found.info.lifecycle_stage != "deleted":
                return found
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
    marked = client.search_runs([record.experiment_id], f"tags.`{FOLDER_KEY}` = '{key(record.key)}'", max_results=1)
    return marked[0] if marked else None


def _own_record(output_dir: Path) -> RunRecord | None:
    """The folder's record; None for a copied folder, because the run belongs to the original."""
    record = read_record(output_dir)
    if record is None or not is_copy(record, output_dir):
        return record
    logger.warning("%s is a copy of %s; starting a new MLflow run", output_dir, record.folder)
    return None


def _warn_of_new_run(before: RunRecord, record: RunRecord, file: Path) -> None:
    if before.run_id is not None and before.place != record.place:
        logger.warning(
            "%s belongs to %s; starting a new MLflow run in %s", file, before.tracking_uri, record.tracking_uri
        )
    elif before.run_id is not None:
        logger.warning("MLflow run %s of %s was deleted; starting a new one", before.run_id, file)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # The user of a container may have no name.
        return "unknown"
