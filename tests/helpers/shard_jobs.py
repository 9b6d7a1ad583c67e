"""Rankings as jobs of a test's own Slurm: submitting them, killing their processes, comparing what comes out."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from helpers.slurm import wait_until
from polars.testing import assert_frame_equal

from screening import cli
from screening.cluster.submitted import SubmittedJob, submitted_jobs

Submit = Callable[..., list[SubmittedJob]]


class Refused(Exception):
    """Exit status and message of a command that did not end well."""


def submitter(root: Path, captured: pytest.CaptureFixture[str]) -> Submit:
    """Submits a command from this checkout in small jobs; returns those that it queued, or raises Refused."""
    path = shlex.quote(str(Path(sys.executable).parent))
    environment = f'export PATH={path}:"$PATH" PYTHONPATH={shlex.quote(str(root))}'

    def submit(command: str, *arguments: str) -> list[SubmittedJob]:
        folder = Path(next(a for a in arguments if a.startswith("output_dir=")).removeprefix("output_dir="))
        before = submitted_jobs(folder)
        small = ["cluster=slurm_cpu", "cluster.cpus_per_task=1", "cluster.memory=500M", "cluster.time=10"]
        status = cli.main(["submit", command, *small, f"cluster.environment={environment}", *arguments])
        if status:
            raise Refused(status, captured.readouterr().err)
        return submitted_jobs(folder)[len(before) :]

    return submit


def kill(job: SubmittedJob, shard: int, after: float) -> bool:
    """SIGKILL to the process that scores a shard, so many seconds after it has appeared; False if it had ended."""
    # The job's number alone may be that of a job of another Slurm on this machine.
    settings = {"SLURM_CONF": os.environ["SLURM_CONF"], "SLURM_ARRAY_JOB_ID": job.id, "SLURM_ARRAY_TASK_ID": shard}
    wanted = {f"{name}={value}".encode() for name, value in settings.items()}
    found: list[int] = []

    def appears() -> bool:
        found[:] = [pid for pid in _processes() if _scores(pid, wanted)]
        return bool(found)

    wait_until(appears, 60, lambda: f"no process of {job.id}_{shard}")
    time.sleep(after)
    try:
        for pid in found:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def assert_equal(folder: Path, whole: pl.DataFrame) -> None:
    """Row by row; float32 sums depend on the batch by some 1e-6."""
    assert_frame_equal(pl.read_parquet(folder / "ranking.parquet"), whole, rel_tol=1e-4, abs_tol=1e-4)


def logs_of(folder: Path) -> str:
    """The ends of all logs of an output folder, to see why a test failed."""
    return "\n".join(f"{path.name}: {path.read_text()[-800:]}" for path in sorted((folder / "jobs").glob("*.log")))


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _scores(pid: int, wanted: set[bytes]) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"python" in command[0] and b"rank" in command and wanted <= set(environment)
