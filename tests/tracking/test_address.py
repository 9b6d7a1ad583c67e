"""Addresses of MLflow stores."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from screening.errors import RequestError
from screening.tracking.address import (
    TrackingSettings,
    experiment_name,
    log_command,
    shown_uri,
    sqlite_path,
    tracking_uri,
    ui_command,
    without_password,
)


def test_the_default_is_a_file_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert tracking_uri(TrackingSettings()) == f"sqlite:///{tmp_path}/mlflow.db"
    assert tracking_uri(TrackingSettings("sqlite:///runs/x.db")) == f"sqlite:///{tmp_path}/runs/x.db"


@pytest.mark.parametrize("folder", ["with space", "кириллица", "50%20off", "what?", "a#b=c,[d]"])
def test_any_folder_name_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / folder)
    assert sqlite_path(tracking_uri(TrackingSettings())) == tmp_path / folder / "mlflow.db"
    assert shlex.split(ui_command(TrackingSettings()))[1:] == [
        "ui",
        "--backend-store-uri",
        tracking_uri(TrackingSettings()),
    ]


@pytest.mark.parametrize("uri", ["http://host:5000", "https://host/mlflow", "postgresql+psycopg2://u@h/db"])
def test_servers_and_databases_pass_through(uri: str) -> None:
    assert tracking_uri(TrackingSettings(uri)) == uri


@pytest.mark.parametrize(
    "uri", ["mlflow.db", "/data/mlruns", "file:///data/mlruns", "http://", "sqlite:///", "ftp://h"]
)
def test_other_addresses_are_refused_by_name(uri: str) -> None:
    with pytest.raises(RequestError, match=r"tracking\.uri=.*expected"):
        tracking_uri(TrackingSettings(uri))


def test_passwords_are_not_shown() -> None:
    assert shown_uri("postgresql://me:secret@host:5432/db") == "postgresql://me:***@host:5432/db"
    assert without_password("no user s%C3%A9cret or sécret", "http://me:s%C3%A9cret@h") == "no user *** or ***"


@pytest.mark.parametrize(
    ("uri", "mend"),
    [
        ("http://me:PW@lab:5000", "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"),
        ("https://:PW@lab", "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"),
        ("postgresql://me:PW@lab/db", "into the environment variable MLFLOW_TRACKING_URI"),
        ("mysql+pymysql://lab/db?user=me&password=PW", "into the environment variable MLFLOW_TRACKING_URI"),
    ],
)
def test_a_password_in_the_settings_is_refused_with_the_mend(uri: str, mend: str) -> None:
    with pytest.raises(RequestError, match=mend) as refused:
        tracking_uri(TrackingSettings(uri))
    assert "PW" not in str(refused.value) and "tracking.uri=" in str(refused.value)


def test_the_environment_says_where_if_the_settings_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://me:PW@lab/db")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "alloys")
    assert tracking_uri(TrackingSettings()) == "postgresql://me:PW@lab/db"
    assert tracking_uri(TrackingSettings("postgresql://me:***@lab/db")) == "postgresql://me:PW@lab/db"
    assert tracking_uri(TrackingSettings("http://lab:5000")) == "http://lab:5000"
    assert tracking_uri(TrackingSettings("none")) == "none"
    assert "PW" not in ui_command(TrackingSettings()) + log_command(TrackingSettings(), tmp_path)
    assert experiment_name(TrackingSettings()) == "alloys"
    assert experiment_name(TrackingSettings("", "mine")) == "mine"
    with pytest.raises(RequestError, match="needs a password"):
        tracking_uri(TrackingSettings("postgresql://ann:***@lab/db"))


@pytest.mark.parametrize("uri", ["http://me:PW@lab", "file:///data/mlruns", "./mlruns"])
def test_what_the_environment_says_is_checked_by_its_own_name(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(RequestError, match=r"^MLFLOW_TRACKING_URI=") as refused:
        tracking_uri(TrackingSettings())
    assert "PW" not in str(refused.value)


def test_no_command_without_tracking() -> None:
    assert ui_command(TrackingSettings("none")) == ""
    assert ui_command(TrackingSettings("http://host:5000")) == "http://host:5000"


def test_the_command_to_log_later_can_be_typed() -> None:
    assert log_command(TrackingSettings(), Path("runs/a")) == "screening log runs/a"
    server = TrackingSettings("https://anna:secret@lab:5000", "my runs")
    expected = "screening log 'a b' 'tracking.uri=https://anna:***@lab:5000' 'tracking.experiment=my runs'"
    assert log_command(server, Path("a b")) == expected
