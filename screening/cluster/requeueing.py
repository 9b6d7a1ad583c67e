"""A job that goes back into the queue by itself.

Requeueing has one owner at any time: the job, as long as its processes can act; Slurm (`--requeue`), once they cannot,
as after a node failure. A job that leaves in its grace period is not requeued by Slurm, whatever its options say.
"""

from __future__ import annotations

import os
import re
import subprocess

_PATIENCE_S = 20
AGAIN = "the same command goes on from there"


def requeue(*, wanted: bool) -> str:
    """Put this job back into the queue if it still runs and may be requeued; what to expect now, in words.

    wanted: whether it was told to go on later (SIGUSR1). If not, it is requeued only if Slurm preempts it: whoever
    cancels a job does not want it back. Outside a job nothing is done.
    """
    job = _own_job()
    if not job:
        return AGAIN
    about = _job(job)
    if about.get("JobState") != "RUNNING":  # cancelled, or requeued by somebody else
        return f"{AGAIN} (job {job}: {about.get('JobState', 'unknown to Slurm')})"
    preempted = about.get("PreemptTime", "None") not in ("None", "N/A", "Unknown")
    if not (wanted or preempted):
        return f"{AGAIN}; job {job} was not preempted and is not requeued"
    if about.get("Requeue") != "1":
        return f"{AGAIN}; job {job} may not be requeued (--no-requeue)"
    ended = _scontrol("requeue", job)
    if ended.returncode:
        return f"{AGAIN}; job {job} was not requeued: {ended.stderr.strip()}"
    return f"job {job} is requeued and goes on from there"


def _own_job() -> str:
    """The id of this job, empty outside of one.

    A task of an array is named by its array: its own id may be the array's too, which stands for all of its tasks.
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
        return subprocess.run(["scontrol", *arguments], capture_output=True, text=True, timeout=_PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(arguments, 1, "", str(error))
