"""Lets a job requeue itself.

As long as its processes can act, the job requeues itself; after a node failure, Slurm does (`--requeue`). Slurm never
requeues a job that exits within its grace period, whatever its options say.
"""

from __future__ import annotations

import os
import re
import subprocess

_TIMEOUT_S = 20
AGAIN, START_AGAIN = "run the same command to continue", "run the same command to start again"


def requeue(*, wanted: bool, again: str = AGAIN) -> str:
    """Requeue this job if it still runs and may be requeued. Does nothing outside a Slurm job.

    Args:
        wanted: Whether the job was told to continue later (SIGUSR1). If not, it is requeued only if Slurm preempts it:
            a cancelled job must not come back.
        again: What to do if the job is not requeued.

    Returns:
        What happens next, in words.
    """
    job = _own_job()
    if not job:
        return again
    about = _job(job)
    if about.get("JobState") != "RUNNING":  # cancelled, or already requeued
        return f"{again} (job {job}: {about.get('JobState', 'unknown to Slurm')})"
    preempted = about.get("PreemptTime", "None") not in ("None", "N/A", "Unknown")
    if not (wanted or preempted):
        return f"{again}; job {job} was not preempted, so it is not requeued"
    if about.get("Requeue") != "1":
        return f"{again}; job {job} must not be requeued (--no-requeue)"
    ended = _scontrol("requeue", job)
    if ended.returncode:
        return f"{again}; job {job} was not requeued: {ended.stderr.strip()}"
    return f"job {job} is requeued and will continue"


def _own_job() -> str:
    """The id of this job; empty outside a job.

    An array task is named by its array, because its own id may be the array's, which stands for all tasks.
    """
    names = [os.environ.get(name, "") for name in ("SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID")]
    if all(name.isdecimal() for name in names):
        return "_".join(names)
    job = os.environ.get("SLURM_JOB_ID", "")
    return job if job.isdecimal() else ""


def _job(job: str) -> dict[str, str]:
    """The fields of `scontrol show job`; empty if Slurm does not answer."""
    return dict(re.findall(r"(\w+)=(\S*)", _scontrol("--oneliner", "show", "job", job).stdout))


def _scontrol(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["scontrol", *arguments], capture_output=True, text=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(arguments, 1, "", str(error))
