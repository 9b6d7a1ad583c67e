"""Where runs are recorded: the MLflow address, its default, and how to open it in a browser."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from screening.errors import RequestError

SQLITE = "sqlite:///"
OFF = "none"
_DATABASES = ("postgresql", "mysql", "mssql")


@dataclass
class TrackingSettings:
    """Where MLflow records runs.

    Attributes:
        uri: An MLflow server or database; empty for `mlflow.db` in the working folder, `none` for no tracking.
        experiment: The MLflow experiment that holds the runs.
    """

    uri: str = ""
    experiment: str = "screening"


def tracking_uri(settings: TrackingSettings) -> str:
    """The full address, with SQLite files made absolute; `none` if tracking is off.

    Raises:
        RequestError: If MLflow cannot record to such an address.
    """
    uri = settings.uri.strip()
    if uri.lower() == OFF:
        return OFF
    if not uri:
        return sqlite_uri(Path("mlflow.db"))
    scheme = uri.split(":", 1)[0].split("+")[0]
    if uri.startswith(SQLITE) and len(uri) > len(SQLITE):
        return sqlite_uri(Path(unquote(uri.removeprefix(SQLITE))))
    if (scheme in ("http", "https", *_DATABASES) and urlsplit(uri).hostname) or scheme == "databricks":
        return uri
    raise RequestError(
        f"tracking.uri={uri} is not an address that MLflow can record to; expected http(s)://HOST:PORT, "
        "sqlite:///FILE.db, postgresql://USER@HOST/NAME, or 'none'"
    )


def sqlite_path(uri: str) -> Path | None:
    """The database file of a SQLite address, None for any other."""
    return Path(unquote(uri.removeprefix(SQLITE))) if uri.startswith(SQLITE) else None


def shown_uri(uri: str) -> str:
    """The address with its password masked, fit for files and messages."""
    parts = urlsplit(uri)
    if parts.password is None:
        return uri
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username or ''}:***@{host}").geturl()


def ui_command(settings: TrackingSettings) -> str:
    """The shell command that shows the runs, or the address of the server; empty if tracking is off."""
    uri = tracking_uri(settings)
    if uri == OFF:
        return ""
    if uri.startswith(("http", "databricks")):
        return shown_uri(uri)
    return f"{_mlflow_program()} ui --backend-store-uri {shlex.quote(shown_uri(uri))}"


def log_command(settings: TrackingSettings, folder: Path) -> str:
    """The shell command that records a finished ranking later, with any password masked."""
    own = {"uri": shown_uri(settings.uri.strip()), "experiment": settings.experiment}
    default = TrackingSettings()
    keys = [f"tracking.{name}={value}" for name, value in own.items() if value != getattr(default, name)]
    return shlex.join(["screening", "log", str(folder), *keys])


def sqlite_uri(path: Path) -> str:
    """The address of a SQLite file. Only characters that SQLAlchemy would misread are encoded."""
    return SQLITE + str(path.absolute()).replace("%", quote("%")).replace("?", quote("?"))


def _mlflow_program() -> str:
    """`mlflow` if the shell finds the one of this environment, else its path."""
    ours = Path(sys.executable).with_name("mlflow")
    found = shutil.which("mlflow")
    if not ours.exists() or (found and ours.samefile(found)):
        return "mlflow"
    relative = os.path.relpath(ours)
    return shlex.quote(str(ours) if relative.startswith("..") else relative)
