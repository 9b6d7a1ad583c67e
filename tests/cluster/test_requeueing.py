"""A job requeues itself once or not at all; a script stands in for `scontrol`."""

from __future__ import annotations

from pathlib import Path

import pytest

from screening.cluster.requeueing import AGAIN, requeue


@pytest.fixture
def scontrol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a `scontrol` that shows `job` and records requeueing in `requeued`."""
    program = tmp_path / "scontrol"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = requeue ]; then echo "$2" >> {tmp_path}/requeued; else cat {tmp_path}/job; fi\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name in ("SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    return tmp_path


@pytest.mark.parametrize(
    ("job", "wanted", "requeued"),
    [
        ("JobState=RUNNING Requeue=1 Restarts=0", True, True),  # before the time limit
        ("JobState=RUNNING Requeue=1 PreemptTime=2026-11-23T18:49:57", False, True),  # preempted: SIGTERM
        ("JobState=RUNNING Requeue=1 PreemptTime=None", False, False),  # somebody sent SIGTERM
        ("JobState=COMPLETING Requeue=1", True, False),  # cancelled, or requeued already
        ("JobState=RUNNING Requeue=0", True, False),
        ("", True, False),  # Slurm does not answer
    ],
)
def test_the_job_is_requeued_once_or_not_at_all(scontrol: Path, job: str, wanted: bool, requeued: bool) -> None:
    (scontrol / "job").write_text(f"JobId=17 {job}\n")
    said = requeue(wanted=wanted)
    assert (scontrol / "requeued").exists() == requeued
    if requeued:
        assert (scontrol / "requeued").read_text() == "17\n" and said == "job 17 is requeued and will continue"
    else:
        assert said.startswith(AGAIN) and "17" in said


def test_outside_slurm_the_user_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    assert requeue(wanted=True) == AGAIN


def test_a_missing_scontrol_is_reported(scontrol: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (scontrol / "scontrol").unlink()
    monkeypatch.setenv("PATH", str(scontrol))
    assert "unknown to Slurm" in requeue(wanted=True)


def test_a_task_of_an_array_requeues_itself_alone(scontrol: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "17")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    (scontrol / "job").write_text("JobId=20 JobState=RUNNING Requeue=1\n")
    requeue(wanted=True)
    assert (scontrol / "requeued").read_text() == "17_3\n"
