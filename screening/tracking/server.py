"""Reaching MLflow's store, quickly or with a clear refusal."""

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
from screening.files import part_path
from screening.tracking.address import shown_uri, sqlite_path, sqlite_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient

Result = TypeVar("Result")

ARTIFACT_FOLDER = "mlartifacts"
# Opens the page of training runs; without it MLflow 3 guesses, and shows its page for language models.
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
_ANSWER_SECONDS = 5.0
_LOCK_SECONDS = 20.0
_PAUSE_SECONDS = 0.1
_BUSY = ("database is locked", "database schema has changed")
# What PostgreSQL and MLflow say while another job makes the tables.
_BEING_MADE = ("out-of-date database schema", "already exists", "no such table", "UNIQUE constraint", "duplicate key")
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
# MLflow's own defaults: seven retries and two minutes each, silent on the terminal; usage statistics sent out.
# A value that the user has set is kept.
_ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


class StoreError(ScreeningError):
    """MLflow's store cannot be reached, or does not take what it is given."""


def connect(uri: str) -> MlflowClient:
    """A client whose store answers; raises StoreError within seconds if it does not.

    uri: in full, as `tracking_uri` gives it.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # It logs a traceback of each error that it also raises, and errors are told here.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    try:
        _probe(uri)
    except (OSError, sqlite3.Error) as error:
        raise unreachable(uri, error) from error
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    def opened() -> MlflowClient:
        client = MlflowClient(tracking_uri=uri)
        client.search_experiments(max_results=1)
        return client

    try:
        # Of two jobs that begin with an empty database one makes the tables, the other one meets them half made.
        return patiently(opened, (*_BUSY, *_BEING_MADE))
    except (MlflowException, SQLAlchemyError, ImportError) as error:
        raise unreachable(uri, error) from error


def patiently(call: Callable[[], Result], passing: tuple[str, ...] = _BUSY) -> Result:
    """The result of a call, repeated for some seconds while its error says what passes: another job is writing.

    SQLite refuses a writer at once, whatever its patience, where waiting would be a deadlock; nothing is written then.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    end, pause = time.monotonic() + _LOCK_SECONDS, _PAUSE_SECONDS
    while True:
        try:
            return call()
        except (MlflowException, SQLAlchemyError) as error:
            if time.monotonic() + pause > end or not any(text in str(error) for text in passing):
                raise
        time.sleep(pause)
        pause = min(2 * pause, 1.0)


def unreachable(uri: str, error: BaseException) -> StoreError:
    """The error that says where MLflow was looked for, what happened and what to do."""
    why = (str(error) or type(error).__name__).splitlines()[0]
    if "not authenticated" in str(error):
        help = "give user and password by MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    else:
        help = "start the server or correct the address"
    return StoreError(
        f"tracking.uri={shown_uri(uri)}: MLflow cannot record there ({why}); {help}, "
        "or go without tracking: tracking=none"
    )


def experiment_id(client: MlflowClient, uri: str, name: str) -> str:
    """Find or create the experiment; beside a SQLite file its artifacts go to `mlartifacts` in the same folder.

    A server decides for itself where artifacts live. Raises ScreeningError if the experiment was deleted.
    """
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        database = sqlite_path(uri)
        location = (database.parent / ARTIFACT_FOLDER).as_uri() if database else None
        try:
            return str(client.create_experiment(name, artifact_location=location, tags=_EXPERIMENT_TAGS))
        except MlflowException:
            # Another job created it in the meantime, or it is a true failure and shows again here.
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
    """Fail fast: MLflow retries a dead server or an unwritable file for minutes."""
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
            # It asks for a password, or is an older server: it lives, MLflow itself judges the rest.
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
    """Make MLflow's tables under another name, then give the file its name, unless another job has been faster.

    MLflow itself makes them step by step in place and without a lock: two jobs at once, or one that is killed, would
    leave a database that nobody can use.
    """
    part = part_path(database, unique=True)
    try:
        _try_to_write(part)
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        SqlAlchemyStore(sqlite_uri(part), (database.parent / ARTIFACT_FOLDER).as_uri()).engine.dispose()
        with suppress(FileExistsError):
            database.hardlink_to(part)
    finally:
        part.unlink(missing_ok=True)
