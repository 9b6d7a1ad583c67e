"""Finds the reviewed ranking by its run, by the run of a finalist, or by its output folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from screening.crystals.reading.identity import printable
from screening.errors import RequestError, ScreeningError
from screening.tracking.address import (
    OFF,
    TrackingSettings,
    shown_uri,
    sqlite_path,
    tracking_uri,
    without_password,
)
from screening.tracking.child_runs import PARENT
from screening.tracking.finalist_runs import CANDIDATE
from screening.tracking.run_file import RUN_FILE, read_record
from screening.tracking.server import StoreError, connect

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

EXPECTED = "expected the id of a ranking's run or of one of its finalists, or the output folder of a tracked ranking"


@contextmanager
def open_review_store(settings: TrackingSettings, run_id: str, key: str) -> Iterator[tuple[MlflowClient, str, str]]:
    """Open the store that holds a run, without creating one.

    Args:
        settings: Where runs are recorded.
        run_id: The id of a run, or an output folder.
        key: The setting that named it, for messages.

    Yields:
        A client, the full address of the store and the id of the run.

    Raises:
        RequestError: If no store is named or found.
        ScreeningError: If the store fails, also later inside the block.
    """
    uri, wanted = _place(settings, run_id, key)
    database = sqlite_path(uri)
    if database is not None and not database.is_file():
        raise RequestError(f"tracking.uri={shown_uri(uri)}: no such file; expected the store that holds {key}={run_id}")
    from mlflow.exceptions import MlflowException

    try:
        yield connect(uri), uri, wanted
    except (StoreError, MlflowException) as error:
        why = without_password((str(error.__cause__ or error) or type(error).__name__).splitlines()[0], uri)
        raise ScreeningError(
            f"tracking.uri={shown_uri(uri)}: cannot read {key}={run_id} there ({why}); "
            "start the server or correct the address"
        ) from error


def _place(settings: TrackingSettings, run_id: str, key: str) -> tuple[str, str]:
    """The store's address and the run's id. A folder names its store, even if this job has tracking off."""
    if not _is_path(run_id):
        if tracking_uri(settings) == OFF:
            raise RequestError(
                f"{key}={run_id}: reviews are in MLflow, but tracking is off; "
                "set tracking.uri=, or give the output folder of the ranking instead of an id"
            )
        return tracking_uri(settings), run_id
    path = Path(run_id)
    record = read_record(path.parent if path.is_file() else path)
    if record is None or record.run_id is None:
        raise RequestError(f"{key}={run_id}: no {RUN_FILE} with a run there; {EXPECTED}")
    if settings.uri.strip() and tracking_uri(settings) != OFF:
        return tracking_uri(settings), record.run_id
    return tracking_uri(TrackingSettings(record.tracking_uri)), record.run_id


def _is_path(text: str) -> bool:
    try:
        return bool(text) and (len(Path(text).parts) > 1 or Path(text).exists())
    except OSError:  # longer than any file name
        return False


def find_ranking(client: MlflowClient, uri: str, run_id: str, key: str) -> MlflowRun:
    """The run of a ranking, given its own id or that of a finalist.

    Raises:
        RequestError: If there is no such ranking.
    """
    run = _run(client, uri, run_id, key)
    above = run.data.tags.get(PARENT)
    if above and CANDIDATE in run.data.tags:
        run = _run(client, uri, above, key)
    if run.info.lifecycle_stage == "deleted":
        raise RequestError(f"{key}={run_id}: this run was deleted; restore it in MLflow, or {EXPECTED}")
    if not run.data.tags.get("task"):
        raise RequestError(
            f"{key}={run_id}: the run '{printable(str(run.info.run_name))}' is not a ranking; {EXPECTED}"
        )
    return run


def _run(client: MlflowClient, uri: str, run_id: str, key: str) -> MlflowRun:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "ENDPOINT_NOT_FOUND"):
            raise
        raise RequestError(f"{key}={run_id}: MLflow at {shown_uri(uri)} has no such run; {EXPECTED}") from None
