"""MLflow runs: resumed, never forked; closed with the right status; a dead store is reported within seconds."""

from __future__ import annotations

import json
import logging
import shutil
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

import polars as pl
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun

from screening.errors import ScreeningError
from screening.tracking.address import tracking_uri
from screening.tracking.runs import RUN_FILE, TABLE_ROWS, TrackingSettings, open_run


@pytest.fixture
def settings(first_run: subprocess.CompletedProcess[str]) -> TrackingSettings:
    return TrackingSettings(first_run.args[3])


def test_the_first_run_prints_nothing(first_run: subprocess.CompletedProcess[str]) -> None:
    assert (first_run.returncode, first_run.stdout, first_run.stderr) == (0, "", "")
    folder = Path(first_run.args[4]).parent
    assert {file.name for file in folder.iterdir()} - {"mlartifacts"} == {"mlflow.db", "out"}  # of other tests


def recorded(settings: TrackingSettings, run_id: str | None) -> MlflowRun:
    assert run_id is not None
    return MlflowClient(tracking_uri=tracking_uri(settings)).get_run(run_id)


def test_a_run_holds_what_was_logged(settings: TrackingSettings, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("page")
    table = pl.DataFrame({"formula": ["Fe", None], "score": [0.123456789, None]})
    with open_run(settings, tmp_path, "magnets", {"task": "magnets"}) as run:
        run.log_params({"long": "x" * 7000, "a=b": None, **{f"p{i}": i for i in range(150)}})
        run.log_metrics({"ranked": 3, "bad": float("nan"), "MAE (eV)": 0.1, "../up//x": 1.0}, step=2)
        run.log_artifact(tmp_path / "report.html")
        run.log_table(table, "ranking")
        run.log_table(pl.DataFrame({"n": range(TABLE_ROWS + 5)}), "long")
    record = recorded(settings, run.run_id)
    assert record.info.status == "FINISHED" and record.info.run_name == "magnets"
    assert record.data.tags["task"] == "magnets"
    assert len(record.data.params) == 152
    assert len(record.data.params["long"]) == 6000 and record.data.params["long"].endswith("(cut)")
    assert record.data.metrics == {"ranked": 3.0, "MAE _eV_": 0.1, "up/x": 1.0}
    artifacts = Path(record.info.artifact_uri.removeprefix("file://"))
    assert artifacts.parents[1] == Path(settings.uri.removeprefix("sqlite:///")).parent / "mlartifacts"
    assert (artifacts / "report.html").read_text() == "page"
    assert json.loads((artifacts / "ranking.json").read_text()) == {
        "columns": ["formula", "score"],
        "data": [["Fe", "0.123"], [None, None]],
    }
    assert len(json.loads((artifacts / "long.json").read_text())["data"]) == TABLE_ROWS
    listed = json.loads(record.data.tags["mlflow.loggedArtifacts"])
    assert listed == [{"path": "ranking.json", "type": "table"}, {"path": "long.json", "type": "table"}]


def test_mlflow_itself_reads_the_table(
    settings: TrackingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_run(settings, tmp_path, "table", {}) as run:
        run.log_table(pl.DataFrame({"formula": ["Fe2"], "score": [1.5]}), "ranking")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings.uri)  # the only way to tell its load_table
    assert run.experiment_id is not None
    loaded = MlflowClient().load_table(run.experiment_id, "ranking.json", run_ids=[run.run_id])
    assert loaded.to_dict("records") == [{"formula": "Fe2", "score": 1.5}]


def test_a_job_repeated_continues_its_run(
    settings: TrackingSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ids = []
    for seed in (0, 1):
        with open_run(settings, tmp_path, "again", {}) as run:
            run.log_params({"seed": seed, "task": "magnets"})
            run.log_table(pl.DataFrame({"n": [seed]}), "ranking")
            ids.append(run.run_id)
            assert recorded(settings, run.run_id).info.status == "RUNNING"
    assert ids[0] == ids[1]
    record = recorded(settings, ids[0])
    assert record.info.status == "FINISHED"
    assert record.data.params == {"seed": "0", "task": "magnets"}
    assert record.data.tags["now.seed"] == "1" and "settings changed: seed" in caplog.text
    artifacts = Path(record.info.artifact_uri.removeprefix("file://"))
    assert json.loads((artifacts / "ranking.json").read_text())["data"] == [[1]]


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "FAILED"), (ScreeningError, "FAILED"), (KeyboardInterrupt, "KILLED")]
)
def test_the_status_says_how_the_job_ended(
    settings: TrackingSettings, tmp_path: Path, error: type[BaseException], status: str
) -> None:
    with pytest.raises(error), open_run(settings, tmp_path, "ends", {}) as run:
        raise error
    assert recorded(settings, run.run_id).info.status == status


@pytest.mark.parametrize("change", ["deleted", "experiment", "address"])
def test_a_run_that_cannot_be_continued_is_replaced_with_a_warning(
    settings: TrackingSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    with open_run(settings, tmp_path, "first", {}) as first:
        pass
    if change == "deleted":
        MlflowClient(tracking_uri=settings.uri).delete_run(first.run_id)
    if change == "address":
        record = json.loads((tmp_path / RUN_FILE).read_text())
        (tmp_path / RUN_FILE).write_text(json.dumps(record | {"key": "k", "tracking_uri": "http://a:5000"}))
    experiment = "other" if change == "experiment" else settings.experiment
    with (
        caplog.at_level(logging.WARNING),
        open_run(TrackingSettings(settings.uri, experiment), tmp_path, "2", {}) as run,
    ):
        pass
    assert run.run_id != first.run_id
    assert "starting a new" in caplog.text
    assert json.loads((tmp_path / RUN_FILE).read_text())["run_id"] == run.run_id


def test_runs_nest(settings: TrackingSettings, tmp_path: Path) -> None:
    with (
        open_run(settings, tmp_path, "parent", {}) as parent,
        open_run(settings, tmp_path / "child", "child", {}, parent_run_id=parent.run_id) as child,
    ):
        pass
    assert recorded(settings, child.run_id).data.tags["mlflow.parentRunId"] == parent.run_id


def test_without_tracking_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_run(TrackingSettings("none"), tmp_path / "out", "off", {"a": "b"}) as run:
        run.log_params({"a": 1})
        run.log_metrics({"b": 1.0})
        run.log_artifact(tmp_path / "missing")
        run.log_table(pl.DataFrame({"a": [1]}), "t")
    assert run.run_id is None
    assert list(tmp_path.iterdir()) == []


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize("scheme", ["http", "postgresql"])
def test_a_dead_server_is_named_within_seconds(tmp_path: Path, scheme: str) -> None:
    uri = f"{scheme}://127.0.0.1:{closed_port()}/x"
    begin = time.monotonic()
    with (
        pytest.raises(ScreeningError, match=rf"tracking\.uri={uri}.*tracking=none") as refusal,
        open_run(TrackingSettings(uri), tmp_path, "dead", {}),
    ):
        pytest.fail("the work began")
    assert time.monotonic() - begin < 15
    assert refusal.value.exit_status == 1
    assert list(tmp_path.iterdir()) == []


def test_a_silent_server_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screening.tracking.server._ANSWER_SECONDS", 0.5)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        begin = time.monotonic()
        with (
            pytest.raises(ScreeningError, match=r"tracking\.uri="),
            open_run(TrackingSettings(f"http://127.0.0.1:{listener.getsockname()[1]}"), tmp_path, "silent", {}),
        ):
            pytest.fail("the work began")
    assert time.monotonic() - begin < 15


def test_a_file_that_is_not_a_database_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_text("not a database " * 100)
    with (
        pytest.raises(ScreeningError, match="not a database"),
        open_run(TrackingSettings(f"sqlite:///{file}"), tmp_path / "out", "x", {}),
    ):
        pytest.fail("the work began")
    assert file.read_text().startswith("not a database")


def test_a_broken_run_file_is_named(settings: TrackingSettings, tmp_path: Path) -> None:
    (tmp_path / RUN_FILE).write_text("{")
    with pytest.raises(ScreeningError, match=RUN_FILE), open_run(settings, tmp_path, "x", {}):
        pytest.fail("the work began")


def test_a_deleted_experiment_is_explained(settings: TrackingSettings, tmp_path: Path) -> None:
    gone = TrackingSettings(settings.uri, "gone")
    with open_run(gone, tmp_path / "a", "x", {}) as run:
        pass
    MlflowClient(tracking_uri=settings.uri).delete_experiment(run.experiment_id)
    with (
        pytest.raises(ScreeningError, match=r"tracking\.experiment=gone was deleted.*restore"),
        open_run(gone, tmp_path / "b", "x", {}),
    ):
        pytest.fail("the work began")


def test_a_job_can_go_on_without_mlflow(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    dead = TrackingSettings(f"http://127.0.0.1:{closed_port()}")
    with open_run(dead, tmp_path, "dead", {}, later="screening log DIR") as run:
        run.log_params({"a": 1})
    assert run.run_id is None and not run.recording
    assert "going on without tracking; later: screening log DIR" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_a_locked_database_is_waited_for(settings: TrackingSettings, tmp_path: Path) -> None:
    from mlflow.exceptions import MlflowException

    attempts = []

    def call(client: MlflowClient, run_id: str) -> str:
        attempts.append(run_id)
        if len(attempts) < 3:
            raise MlflowException("(sqlite3.OperationalError) database is locked")
        return "done"

    with open_run(settings, tmp_path, "x", {}) as run:
        assert run.send("it", call) == "done"
    assert len(attempts) == 3 and run.recording


def test_a_store_lost_midway_does_not_stop_the_job(
    settings: TrackingSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = Path(shutil.copy(settings.uri.removeprefix("sqlite:///"), tmp_path))
    with open_run(TrackingSettings(f"sqlite:///{file}"), tmp_path / "out", "x", {}) as run:
        with sqlite3.connect(file) as connection:
            connection.execute("DROP TABLE params")
        run.log_params({"a": 1})
        run.log_metrics({"b": 1.0})
    assert caplog.text.count("going on without tracking") == 1
