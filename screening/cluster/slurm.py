"""Calls Slurm's programs: checks scripts, queues and cancels jobs, reads their states."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from screening.errors import RequestError, ScreeningError

_TIMEOUT_S = 60
_WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SUSPENDED", "SPECIAL_EXIT"}
_RUNNING = {"RUNNING", "COMPLETING", "STAGE_OUT", "RESIZING", "SIGNALING", "STOPPED"}


@dataclass(frozen=True)
class JobState:
    """The state of a job.

    Attributes:
        state: Slurm's word (`RUNNING`).
        reason: Why it is pending.
        exit_code: `1:0` is exit status 1, `0:9` is signal 9.
        nodes: Where it runs.
    """

    state: str
    reason: str = ""
    exit_code: str = ""
    nodes: str = ""

    @property
    def is_pending(self) -> bool:
        """Whether it is queued and not running."""
        return self.state in _WAITING

    @property
    def is_active(self) -> bool:
        """Whether it is queued or running."""
        return self.is_pending or self.state in _RUNNING

    def __str__(self) -> str:
        parts = [self.reason if self.is_pending else "", self.nodes if self.is_active else "", self._ended()]
        details = ", ".join(filter(None, parts))
        return f"{self.state} ({details})" if details else self.state

    def _ended(self) -> str:
        status, _, signal = self.exit_code.partition(":")
        if self.is_active or self.exit_code in ("", "0:0"):
            return ""
        return f"exit status {status}" if signal in ("", "0") else f"signal {signal}"


def is_installed() -> bool:
    """Whether this machine has Slurm's programs."""
    return shutil.which("sbatch") is not None


def answers() -> bool:
    """Whether Slurm's controller answers, so that jobs can be submitted from this machine."""
    return is_installed() and bool(_lines(["sinfo", "--noheader"]))


def version() -> str:
    """Slurm's version, such as `slurm 22.05.8`; raises ScreeningError if it fails."""
    return _call("sbatch", "--version").strip()


def partitions() -> list[str]:
    """Lines of `sinfo`: partition, state, time limit, nodes, memory in MB and GPUs of each.

    Raises:
        ScreeningError: If Slurm does not answer.
    """
    return _call("sinfo", "--format=%P %a %l %D %m %G").strip().splitlines()


def check_script(script: str, options: Sequence[str] = ()) -> None:
    """Ask Slurm whether it accepts a script, without queueing it.

    Raises:
        RequestError: With Slurm's reason, if it refuses.
    """
    ended = _run(["sbatch", "--test-only", *options], script)
    if ended.returncode:
        raise RequestError(f"Slurm refuses the job: {_error_text(ended)}; nothing was queued")


def check_time(time: str | None, partition: str | None) -> None:
    """Check that a partition allows the time limit; otherwise Slurm would keep the job pending for ever.

    Args:
        time: As for sbatch; None for Slurm's default.
        partition: As for sbatch; None for Slurm's default.

    Raises:
        RequestError: If all partitions allow less.
    """
    if time is None or (asked := minutes(time)) is None:
        return
    given = {}
    for line in _lines(["sinfo", "--noheader", "--format=%P %l"]):
        name, _, limit = line.partition(" ")
        wanted = name.endswith("*") if partition is None else name.rstrip("*") in partition.split(",")
        if wanted:
            given[name.rstrip("*")] = limit.strip()
    limits = [minutes(limit) for limit in given.values()]
    if limits and all(limit is not None and limit < asked for limit in limits):
        allowed = "; ".join(f"the partition {name} allows {limit}" for name, limit in given.items())
        raise RequestError(f"cluster.time={time}: {allowed}; nothing was queued")


def minutes(text: str) -> float | None:
    """Convert a time in Slurm's notation (`90`, `4:00:00`, `2-12`, `2-12:30:00`) to minutes.

    Returns:
        None for any other text, such as `infinite`.
    """
    match = re.fullmatch(r"(?:(?P<days>\d+)-)?(?P<parts>\d+(?::\d+){0,2})", text.strip())
    if match is None:
        return None
    parts = [int(part) for part in match["parts"].split(":")]
    # the first number is hours after a day count or in a full time, else minutes
    first = 60.0 if match["days"] or len(parts) == 3 else 1.0
    return int(match["days"] or 0) * 1440 + sum(part * first / 60**place for place, part in enumerate(parts))


def submit(script: Path, options: Sequence[str] = ()) -> str:
    """Queue a script and return the job's id; raises ScreeningError if Slurm refuses."""
    return _call("sbatch", "--parsable", *options, str(script)).strip().partition(";")[0]


def cancel(jobs: Iterable[str]) -> None:
    """Cancel jobs; finished ones are ignored. Raises ScreeningError if Slurm does not answer."""
    if wanted := list(jobs):
        _call("scancel", "--quiet", *wanted)


def states(jobs: Collection[str]) -> dict[str, JobState]:
    """States of jobs that Slurm still knows.

    Queued and running jobs come from squeue, finished ones from sacct, or from the controller if there is no
    accounting.

    Returns:
        States by job id, for array tasks by `ARRAY_TASK`; empty if Slurm does not answer.
    """
    if not jobs or not is_installed():
        return {}
    found = {**_from_accounts(jobs), **_from_queue(jobs)}
    return found or _from_controller(jobs)


def _from_queue(jobs: Collection[str]) -> dict[str, JobState]:
    fields = ["squeue", "--noheader", "--array", f"--user={os.getuid()}", "--format=%i|%T|%r|%N"]
    return _table(_lines(fields), jobs)


def _from_accounts(jobs: Collection[str]) -> dict[str, JobState]:
    fields = "--format=JobID,State,Reason,NodeList,ExitCode"
    lines = _lines(["sacct", "--noheader", "--parsable2", "--allocations", f"--jobs={','.join(jobs)}", fields])
    return _table(lines, jobs) if lines else _from_controller(jobs)


def _from_controller(jobs: Collection[str]) -> dict[str, JobState]:
    found = {}
    for line in _lines(["scontrol", "--oneliner", "show", "job"]):
        fields = dict(re.findall(r"(\w+)=(\S*)", line))
        task = fields.get("ArrayTaskId", "")
        name = f"{fields.get('ArrayJobId')}_{task}" if task else fields.get("JobId", "")
        if name.partition("_")[0] in jobs and "JobState" in fields:
            nodes = fields.get("NodeList", "").replace("(null)", "")
            found[name] = JobState(fields["JobState"], fields.get("Reason", ""), fields.get("ExitCode", ""), nodes)
    return found


def _table(lines: Iterable[str], jobs: Collection[str]) -> dict[str, JobState]:
    """Parse lines `id|state|reason|nodes|exit code`; the exit code is optional."""
    found = {}
    for line in lines:
        name, state, reason, nodes, *exit_code = line.split("|")
        if name.partition("_")[0] in jobs:
            # sacct writes `CANCELLED by 1000`
            found[name] = JobState(state.split()[0], reason.replace("None", ""), "".join(exit_code), nodes)
    return found


def _lines(command: Sequence[str]) -> list[str]:
    """Lines of a program's output; none if it fails, because a site may lack parts of Slurm."""
    try:
        return _call(*command).strip().splitlines()
    except ScreeningError:
        return []


def _call(*command: str) -> str:
    ended = _run(command)
    if ended.returncode:
        raise ScreeningError(f"{command[0]}: {_error_text(ended)}")
    return ended.stdout


def _run(command: Sequence[str], stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=_TIMEOUT_S, env=_plain())
    except FileNotFoundError:
        raise ScreeningError(f"{command[0]} not found: Slurm is not installed on this machine") from None
    except subprocess.TimeoutExpired:
        raise ScreeningError(f"{command[0]}: no answer from Slurm within {_TIMEOUT_S} s") from None


def _plain() -> Mapping[str, str]:
    """The environment without variables that change the output format of Slurm's programs."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("SQUEUE_", "SINFO_", "SACCT_", "SLURM_TIME_"))}


def _error_text(ended: subprocess.CompletedProcess[str]) -> str:
    """The reason on one line, without Slurm's prefixes and repetitions."""
    lines = [re.sub(r"^\w+: (error: )?", "", line).strip() for line in ended.stderr.splitlines()]
    reasons = [line.removeprefix("allocation failure: ") for line in lines if line]
    return "; ".join(dict.fromkeys(reasons)) or f"exit status {ended.returncode}"
