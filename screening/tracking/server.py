"""Connects to MLflow's store, or fails quickly with a clear message."""

from __future__ import annotations

import logging
import os
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from screening.errors import ScreeningError
from screening.files import ABANDONED_S, part_path, remove_leftovers
from screening.tracking.address import shown_uri, sqlite_path, sqlite_uri, without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient

Result = TypeVar("Result")

ARTIFACT_FOLDER = "mlartifacts"
# Selects the page of training runs; without this tag MLflow 3 may show its page for language models.
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
_ANSWER_SECONDS = 5.0
_LOCK_SECONDS = 20.0
_PAUSE_SECONDS = 0.1
_BUSY = ("database is locked", "database schema has changed")
# Errors of PostgreSQL and MLflow while another job creates the tables.
_BEING_MADE = ("out-of-date database schema", "already exists", "no such table", "UNIQUE constraint", "duplicate key")
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
# By default MLflow silently retries seven times for two minutes each, and sends usage statistics.
# The user's own values are kept.
_ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


class StoreError(ScreeningError):
    """MLflow's store cannot be reached or does not work."""


def connect(uri: str) -> MlflowClient:
    """Connect to a store.

    Args:
        uri: The full address, as from `tracking_uri`.

    Raises:
        StoreError: Within seconds, if the store does not answer.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # It logs the traceback of every error that it also raises.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    from sqlalchemy.exc import SQLAlchemyError

    try:
        _probe(uri)
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        raise unreachable(uri, error) from error
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    def opened() -> MlflowClient:
        client = MlflowClient(tracking_uri=uri)
        client.search_experiments(max_results=1)
        return client

    try:
        # If two jobs start with an empty database, one creates the tables and the other may find them incomplete.
        return retry_while_busy(opened, (*_BUSY, *_BEING_MADE))
    except (MlflowException, SQLAlchemyError, ImportError) as error:
        raise unreachable(uri, error) from error


def retry_while_busy(call: Callable[[], Result], transient: tuple[str, ...] = _BUSY) -> Result:
    """Call a function, repeated for up to 20 s while another job is writing to the store.

    SQLite refuses a writer at once, whatever its timeout, if waiting would be a deadlock; nothing is written then.

    Args:
        call: The function.
        transient: Texts of errors that pass; any other error is raised at once.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    end, pause = time.monotonic() + _LOCK_SECONDS, _PAUSE_SECONDS
    while True:
        try:
            return call()
        except (MlflowException, SQLAlchemyError) as error:
            if time.monotonic() + pause > end or not any(text in str(error) for text in transient):
                raise
        time.sleep(pause)
        pause = min(2 * pause, 1.0)


def unreachable(uri: str, error: BaseException) -> StoreError:
    """An error that names the address, what happened and what to do."""
    why = without_password((str(error) or type(error).__name__).splitlines()[0], uri)
    if "not authenticated" in str(error):
        help = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    else:
        help = "start the server or correct the address"
    return StoreError(
        f"tracking.uri={shown_uri(uri)}: MLflow cannot record there ({why}); {help}, "
        "or turn tracking off: tracking=none"
    )


def experiment_id(client: MlflowClient, uri: str, name: str) -> str:
    """Find or create an experiment.

    With a SQLite file, artifacts go to `mlartifacts` in the same folder; a server chooses the place itself.

    Raises:
        ScreeningError: If the experiment was deleted.
    """
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        database = sqlite_path(uri)
        location = (database.parent / ARTIFACT_FOLDER).as_uri() if database else None
        try:
            return str(client.create_experiment(name, artifact_location=location, tags=_EXPERIMENT_TAGS))
        except MlflowException:
            # Either another job has created it in the meantime, or the store really failed.
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        raise ScreeningError(
            f"tracking.experiment={name} was deleted in {shown_uri(uri)}; restore it "
            f"(mlflow experiments restore --experiment-id {found.experiment_id}) or choose another name"
        )
    return str(found.experiment_id)


def _probe(uri: str) -> None:
    """Fail fast: MLflow itself retries a dead server or an unwritable file for minutes."""
    parts = urlsplit(uri)
    database = sqlite_path(uri)
    if database is not None:
        database.parent.mkdir(parents=True, exist_ok=True)
        if not database.exists():
            _make_database(database)
        _try_to_write(database)
    elif parts.scheme in ("http", "https"):
        try:
            health = f"{uri.rstrip('/')}/health"
            urllib.request.urlopen(health, timeout=_ANSWER_SECONDS).close()  # noqa: S310 - http or https only
        except urllib.error.HTTPError as answer:
            # A server that answers is alive, even if it asks for a password or is too old to know this page.
            if answer.code >= 500:
                raise
    elif parts.hostname:
        port = parts.port or _PORTS[parts.scheme.split("+")[0]]
        socket.create_connection((parts.hostname, port), timeout=_ANSWER_SECONDS).close()


def _try_to_write(database: Path) -> None:
    with closing(sqlite3.connect(database, timeout=_LOCK_SECONDS)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()


def _make_database(database: Path) -> None:
    """Create MLflow's tables in a temporary file, then rename it, unless another job was faster.

    MLflow creates them in place, step by step and without a lock: two jobs at once, or a killed one, would leave an
    unusable database.
    """
    remove_leftovers(database.parent, database.name, older_than_s=ABANDONED_S)
    part = part_path(database)
    try:
        _try_to_write(part)
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        SqlAlchemyStore(sqlite_uri(part), (database.parent / ARTIFACT_FOLDER).as_uri()).engine.dispose()
        with suppress(FileExistsError):
            database.hardlink_to(part)
    finally:
        part.unlink(missing_ok=True)
