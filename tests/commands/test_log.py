"""`screening log DIR`: what a user types, what comes back, and what is refused."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from helpers.rankings import finished_ranking
from mlflow import MlflowClient

from screening import cli
from screening.configuration.composing import load_config
from screening.configuration.overrides import named
from screening.errors import RequestError


def log(*arguments: str) -> int:
    return cli.main(["log", *arguments])


@pytest.mark.ci
def test_a_finished_folder_is_recorded_and_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    finished_ranking(tmp_path / "runs" / "a=1, b")
    assert log("runs/a=1, b") == 0
    said = capsys.readouterr().out
    run_id = json.loads((tmp_path / "runs" / "a=1, b" / "mlflow_run_id.json").read_text())["run_id"]
    assert run_id in said and "mlflow ui --backend-store-uri" in said
    assert log("output_dir=runs/a=1, b") == 0
    assert run_id in capsys.readouterr().out
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("screening")
    assert len(client.search_runs([experiment.experiment_id])) == 3
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "output_dir=..."),
        (["nowhere"], "output_dir=nowhere: no such folder"),
        (["empty"], "no finished ranking (ranking.parquet, ranking.csv"),
        (["empty", "again"], "again: expected key=value"),
        (["broken"], "run.json: not valid JSON"),
        (["other"], "expected the record of `screening rank`"),
        (["astray"], "expected a folder next to this file"),
        (["linked"], "report.html: a link out of the folder of the ranking"),
        (["linked_card"], "crystal.cif: a link out of the folder of the ranking"),
        (["linked_folder"], "more: a link out of the folder of the ranking"),
        (["ranking", "tracking=none"], "tracking=none: expected where to record to"),
        (["ranking", "tracking.uri=nonsense"], "tracking.uri=nonsense is not an address"),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    links = {
        "linked": "report.html",
        "linked_card": "finalists/01-Nd2Fe14B/crystal.cif",
        "linked_folder": "finalists/01-Nd2Fe14B/more",
    }
    for name in ("ranking", "broken", "other", "astray", *links):
        finished_ranking(tmp_path / name)
    for name, link in links.items():
        (tmp_path / name / link).unlink(missing_ok=True)
        there = tmp_path / "ranking" / link
        (tmp_path / name / link).symlink_to(there if there.is_file() else there.parent)
    (tmp_path / "broken" / "run.json").write_text("{")
    (tmp_path / "other" / "run.json").write_text('{"command": "train"}')
    index = tmp_path / "astray" / "finalists" / "index.json"
    index.write_text(index.read_text().replace("01-Nd2Fe14B", "../../ranking"))
    assert log(*arguments) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "mlflow.db").exists()


def test_a_dead_server_fails_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished_ranking(tmp_path)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    assert log(str(tmp_path), f"tracking.uri=http://127.0.0.1:{port}") == 1
    assert "MLflow cannot record there" in capsys.readouterr().err


@pytest.mark.parametrize("argument", ["runs/magnets", "./a=b", "/tmp/x=y/z", "~/runs", "Папка", "a b"])
def test_a_path_needs_no_key(argument: str) -> None:
    config = load_config("log", [argument, "tracking.experiment=x"])
    assert getattr(config, "output_dir").endswith(argument.removeprefix("~").removeprefix("./"))  # noqa: B009


@pytest.mark.parametrize("argument", ["output_dir=x", "+a=b", "~a", "--nonsense", "task=a/b=c"])
def test_settings_are_no_paths(argument: str) -> None:
    assert named([argument], "output_dir") == [argument]


def test_other_commands_take_no_bare_argument() -> None:
    with pytest.raises(RequestError, match="expected key=value"):
        load_config("predict", ["crystals.zip", "output=y.parquet"])
