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
from screening.masking import MASK, has_password, masked

SQLITE = "sqlite:///"
OFF = "none"
URI_VARIABLE, EXPERIMENT_VARIABLE = "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"
"""What MLflow itself goes by, used where the settings say nothing."""
_DATABASES = ("postgresql", "mysql", "mssql")


@dataclass
class TrackingSettings:
    """Where MLflow records runs.

    Attributes:
        uri: An MLflow server or database; empty for MLFLOW_TRACKING_URI of the environment or else `mlflow.db` in the
            working folder, `none` for no tracking.
        experiment: The MLflow experiment that holds the runs.
    """

    uri: str = ""
    experiment: str = "screening"


def tracking_uri(settings: TrackingSettings) -> str:
    """The full address, with SQLite files made absolute; `none` if tracking is off.

    Without one in the settings it is that of MLFLOW_TRACKING_URI, which may hold the password of a database.

    Raises:
        RequestError: If MLflow cannot record to such an address, or if it holds a password that would be written down.
    """
    key, uri = "tracking.uri", settings.uri.strip()
    if not uri:
        key, uri = URI_VARIABLE, os.environ.get(URI_VARIABLE, "").strip()
    if uri.lower() == OFF:
        return OFF
    if not uri:
        return sqlite_uri(Path("mlflow.db"))
    if MASK in uri:
        return _unmasked(uri)
    if key != URI_VARIABLE or uri.startswith("http"):
        refuse_password(f"{key}={uri}")
    scheme = uri.split(":", 1)[0].split("+")[0]
    if uri.startswith(SQLITE) and len(uri) > len(SQLITE):
        return sqlite_uri(Path(unquote(uri.removeprefix(SQLITE))))
    if (scheme in ("http", "https", *_DATABASES) and urlsplit(uri).hostname) or scheme == "databricks":
        return uri
    raise RequestError(
        f"{key}={shown_uri(uri)} is not an address that MLflow can record to; expected http(s)://HOST:PORT, "
        "sqlite:///FILE.db, postgresql://USER@HOST/NAME, or 'none'"
    )


def _unmasked(uri: str) -> str:
    """The full address of one that was written down without its password."""
    full = os.environ.get(URI_VARIABLE, "").strip()
    if shown_uri(full) == uri:
        return full
    raise RequestError(
        f"{uri}: this store needs a password; put the whole address into the environment variable {URI_VARIABLE}"
    )


def refuse_password(text: str) -> None:
    """Raise RequestError if an address in a text, such as `tracking.uri=...`, holds a password."""
    if not has_password(text):
        return
    if any(scheme in text for scheme in _DATABASES):
        mend = f"put the whole address into the environment variable {URI_VARIABLE} instead"
    else:
        mend = "MLflow does not take it from there; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead"
    raise RequestError(f"{masked(text)}: holds a password, which would be written down with the settings; {mend}")


def experiment_name(settings: TrackingSettings) -> str:
    """The experiment of the settings; without one in them, that of MLFLOW_EXPERIMENT_NAME."""
    own = os.environ.get(EXPERIMENT_VARIABLE, "").strip()
    return own if own and settings.experiment == TrackingSettings().experiment else settings.experiment


def sqlite_path(uri: str) -> Path | None:
    """The database file of a SQLite address, None for any other."""
    return Path(unquote(uri.removeprefix(SQLITE))) if uri.startswith(SQLITE) else None


def shown_uri(uri: str) -> str:
    """The address with its password masked, fit for files and messages."""
    return masked(uri)


def without_password(text: str, uri: str) -> str:
    """What somebody said about an address, with the password of the address masked however it is spelt."""
    password = urlsplit(uri).password
    for spelt in {password, unquote(password)} if password else ():
        text = text.replace(spelt, MASK)
    return masked(text)


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
