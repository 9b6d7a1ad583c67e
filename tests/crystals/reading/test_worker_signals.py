"""A worker that reads files outlives the signals by which Slurm stops a job: its reader decides what is kept."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading import workers
from screening.crystals.reading.examine import examine_each
from screening.crystals.reading.file_kinds import read_file
from screening.crystals.reading.workers import Worker, WorkerFailureError


@pytest.mark.ci
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_file_is_not_called_broken_because_the_job_is_told_to_stop(tmp_path: Path, number: int) -> None:
    (tmp_path / "a.poscar").write_text("Fe\n1\n2.8 0 0\n0 2.8 0\n0 0 2.8\nFe\n1\nDirect\n0 0 0\n")
    worker = Worker()
    try:
        os.kill(worker.pid, number)
        (part,) = read_file(tmp_path / "a.poscar", "a.poscar", 60.0)
        (outcome,) = worker.stream(examine_each, ([part], ReadSettings()), 30.0)
    finally:
        worker.stop()
    assert not outcome.reason


@pytest.mark.ci
def test_a_worker_that_is_told_to_stop_before_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    started = subprocess.Popen

    def popen(*arguments: Any, **options: Any) -> Any:
        process = started(*arguments, **options)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            process.send_signal(number)
        return process

    monkeypatch.setattr(subprocess, "Popen", popen)
    worker = Worker()
    try:
        assert list(worker.stream(examine_each, ([], ReadSettings()), 30.0)) == []
    finally:
        worker.stop()


@pytest.mark.ci
def test_a_worker_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_COMMAND", "raise SystemExit('no room')")
    with pytest.raises(WorkerFailureError, match="a reader process did not start: no room"):
        Worker()
