"""MLflow as a team runs it: scripts/serve_mlflow.sh with users and passwords, on PostgreSQL and on SQLite."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.mlflow_server import postgresql, serving_a_team
from helpers.rankings import finished_ranking
from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun

from screening import cli
from screening.tracking.run_file import read_record

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def team(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of the server, and its folder."""
    folder = tmp_path_factory.mktemp("team")
    if request.param == "sqlite":
        with serving_a_team(folder) as uri:
            yield uri, folder
    else:
        with postgresql(tmp_path_factory.mktemp("postgresql")) as database, serving_a_team(folder, database) as uri:
            yield uri, folder


@pytest.fixture
def anna(team: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A logged-in user who is not an administrator."""
    return user(team, "anna", monkeypatch)


def user(team: tuple[str, Path], name: str, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    uri, folder = team
    password = f"{name} has a long password"
    try:
        post(uri, "users/create", {"username": name, "password": password}, (folder / "admin_password").read_text())
    except urllib.error.HTTPError as error:
        assert error.code == 400  # created by an earlier test
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
    return MlflowClient(tracking_uri=uri)


def post(uri: str, what: str, content: dict[str, object], password: str | None, name: str = "admin") -> None:
    request = urllib.request.Request(f"{uri}/api/2.0/mlflow/{what}", json.dumps(content).encode())
    request.add_header("Content-Type", "application/json")
    if password is not None:
        request.add_header("Authorization", "Basic " + b64encode(f"{name}:{password.strip()}".encode()).decode())
    urllib.request.urlopen(request, timeout=30).close()


def finalists(client: MlflowClient, folder: Path) -> dict[str, MlflowRun]:
    record = read_record(folder)
    assert record is not None
    runs = client.search_runs([record.experiment_id], f"tags.mlflow.parentRunId = '{record.run_id}'")
    assert len({run.data.tags["candidate_id"] for run in runs}) == len(runs)
    return {run.data.tags["candidate_id"]: run for run in runs}


def log(uri: str, folder: Path) -> int:
    return cli.main(["log", str(folder), f"tracking.uri={uri}", "tracking.experiment=team"])


@pytest.mark.parametrize("password", [None, "password1234", "admin", ""])
def test_wrong_passwords_are_refused(team: tuple[str, Path], password: str | None) -> None:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        post(team[0], "experiments/search", {"max_results": 1}, password)
    assert refusal.value.code == 401


def test_only_the_owner_can_read_the_secrets(team: tuple[str, Path]) -> None:
    for name in ("admin_password", "session_key", "users.db", "auth.ini"):
        assert (team[1] / name).stat().st_mode & 0o077 == 0, name
    assert len((team[1] / "admin_password").read_text().strip()) >= 32


def test_a_ranking_is_logged_reviewed_by_another_and_logged_again(
    team: tuple[str, Path], anna: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = team[0]
    finished_ranking(tmp_path, ids=("я" * 300, "b\u2028", "c"))
    assert log(uri, tmp_path) == 0
    first = read_record(tmp_path)
    found = finalists(anna, tmp_path)
    assert len(found) == 2 and found["b\u2028"].data.metrics["mu0_Ms_T"] == pytest.approx(1.5)
    assert {file.path for file in anna.list_artifacts(found["b\u2028"].info.run_id)} >= {"card.html", "crystal.cif"}
    boris = user(team, "boris", monkeypatch)
    decided = {"review.decision": "reject", "review.comment": "too dear, <b>no</b>", "review.by": "Борис"}
    for name, value in decided.items():
        boris.set_tag(found["b\u2028"].info.run_id, name, value)
    for day in (1, 2):  # once as it is, once ranked again by another user
        finished_ranking(tmp_path, ids=("я" * 300, "b\u2028", "c"), day=day)
        assert log(uri, tmp_path) == 0
    again = finalists(boris, tmp_path)
    assert {name: run.info.run_id for name, run in again.items()} == {n: run.info.run_id for n, run in found.items()}
    assert decided.items() <= again["b\u2028"].data.tags.items()
    assert read_record(tmp_path) == first
    page = boris.download_artifacts(first.run_id if first and first.run_id else "", "report.html")
    assert "The report" in Path(page).read_text()


def test_two_at_once_lose_nothing(team: tuple[str, Path], anna: MlflowClient, tmp_path: Path) -> None:
    folders = [finished_ranking(tmp_path / name) for name in ("one", "two")]
    command = [sys.executable, "-m", "screening", "log", f"tracking.uri={team[0]}", "tracking.experiment=together"]
    jobs = [subprocess.Popen([*command, f"output_dir={folder}"], cwd=ROOT) for folder in folders]
    assert [job.wait(120) for job in jobs] == [0] * len(jobs)
    assert all(set(finalists(anna, folder)) == {"Nd2Fe14B", "b"} for folder in folders)


def test_a_wrong_password_is_reported(
    team: tuple[str, Path],
    anna: MlflowClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wrong")
    finished_ranking(tmp_path)
    assert log(team[0], tmp_path) == 1
    assert "MLFLOW_TRACKING_USERNAME" in capsys.readouterr().err
