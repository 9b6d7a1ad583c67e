"""A server that dies while a ranking is recorded, and two rankings in one new database: nothing is lost."""

from __future__ import annotations

import json
import multiprocessing
import time
from pathlib import Path

import pytest
from helpers.logged_runs import all_runs, children, files, logged
from helpers.mlflow_server import serving
from helpers.rankings import finished_ranking

from screening.tracking.address import TrackingSettings
from screening.tracking.rankings import log_ranking
from screening.tracking.run_file import RUN_FILE
from screening.tracking.runs import open_run

pytestmark = pytest.mark.slow


def test_a_server_that_dies_midway_leaves_a_folder_to_log_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = finished_ranking(tmp_path / "out")
    with serving(tmp_path / "server") as uri:
        store = TrackingSettings(uri, "midway")
        context = open_run(store, folder, "ranking", {}, later="screening log out")
        run = context.__enter__()
    begin = time.monotonic()
    log_ranking(run, folder)
    context.__exit__(None, None, None)
    assert time.monotonic() - begin < 60
    assert caplog.text.count("going on without tracking; later: screening log out") == 1
    with serving(tmp_path / "server") as uri:  # the same server on another port
        store = TrackingSettings(uri, "midway")
        assert logged(store, folder) == run.run_id
        assert len(all_runs(store)) == 3


def _rank_at_once(uri: str, folder: Path, barrier: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    logged(TrackingSettings(uri, "both"), folder)


def test_two_rankings_at_once_in_a_new_database_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    store = TrackingSettings(f"sqlite:///{tmp_path / 'mlflow.db'}", "both")
    folders = [finished_ranking(tmp_path / name) for name in ("one", "two")]
    jobs = [context.Process(target=_rank_at_once, args=(store.uri, folder, barrier)) for folder in folders]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(120)
    assert [job.exitcode for job in jobs] == [0, 0]
    runs = all_runs(store)
    assert len(runs) == 6 and all(run.info.status == "FINISHED" for run in runs)
    for folder in folders:
        run_id = json.loads((folder / RUN_FILE).read_text())["run_id"]
        assert set(children(store, run_id)) == {"Nd2Fe14B", "b"}
        assert "report.html" in files(store, run_id)
