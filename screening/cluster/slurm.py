"""Slurm as its programs show it: what it would accept, what it has queued, how its jobs are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from screening.errors import RequestError, ScreeningError

_PATIENCE_S = 60
_WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SUSPENDED", "SPECIAL_EXIT"}
_RUNNING = {"RUNNING", "COMPLETING", "STAGE_OUT", "RESIZING", "SIGNALING", "STOPPED"}


@dataclass(frozen=True)
class JobState:
    """state: as Slurm names it (`RUNNING`). reason: why it waits. exit_code: `1:0` is status 1, `0:9` a signal."""

    state: str
    reason: str = ""
    exit_code: str = ""
    nodes: str = ""

    @property
    def waits(self) -> bool:
        """In the queue, not running."""
        return self.state in _WAITING

    @property
    def is_alive(self) -> bool:
        """Whether it may still do its work."""
        return self.waits or self.state in _RUNNING

    def __str__(self) -> str:
        more = [self.reason if self.waits else "", self.nodes if self.is_alive else "", self._ended()]
        told = ", ".join(filter(None, more))
        return f"{self.state} ({told})" if told else self.state

    def _ended(self) -> str:
        status, _, signal = self.exit_code.partition(":")
        if self.is_alive or self.exit_code in ("", "0:0"):
            return ""
        return f"exit status {status}" if signal in ("", "0") else f"signal {signal}"


def is_there() -> bool:
    """Whether Slurm's programs are on this machine."""
    return shutil.which("sbatch") is not None


def answers() -> bool:
    """Whether jobs can be submitted from this machine: Slurm's controller is reached."""
    return is_there() and bool(_lines(["sinfo", "--noheader"]))


def version() -> str:
    """Such as `slurm 22.05.8`. Raises ScreeningError."""
    return _call("sbatch", "--version").strip()


def partitions() -> list[str]:
    """Lines of `sinfo`: partition, state, time limit, nodes, memory in MB and GPUs of each. Raises ScreeningError."""
    return _call("sinfo", "--format=%P %a %l %D %m %G").strip().splitlines()


def would_accept(script: str, options: Sequence[str] = ()) -> None:
    """Ask Slurm about a script without queueing it; raises RequestError with its reason if it refuses."""
    ended = _run(["sbatch", "--test-only", *options], script)
    if ended.returncode:
        raise RequestError(f"Slurm refuses the job: {_said(ended)}; nothing was queued")


def check_time(time: str | None, partition: str | None) -> None:
    """Raise RequestError for a time limit that no partition of the job gives: Slurm would let it wait for ever.

    time, partition: as sbatch takes them; None: Slurm's default.
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
        told = "; ".join(f"the partition {name} gives {limit}" for name, limit in given.items())
        raise RequestError(f"cluster.time={time}: {told}; nothing was queued")


def minutes(text: str) -> float | None:
    """A time as Slurm writes it (`90`, `4:00:00`, `2-12`, `2-12:30:00`) in minutes; None for none or `infinite`."""
    match = re.fullmatch(r"(?:(?P<days>\d+)-)?(?P<parts>\d+(?::\d+){0,2})", text.strip())
    if match is None:
        return None
    parts = [int(part) for part in match["parts"].split(":")]
    # after days come hours, without days the shortest form is minutes
    first = 60.0 if match["days"] or len(parts) == 3 else 1.0
    return int(match["days"] or 0) * 1440 + sum(part * first / 60**place for place, part in enumerate(parts))


def submit(script: Path, options: Sequence[str] = ()) -> str:
    """Queue a script; its job's id. Raises ScreeningError."""
    return _call("sbatch", "--parsable", *options, str(script)).strip().partition(";")[0]


def cancel(jobs: Iterable[str]) -> None:
    """Take jobs out of the queue; those that are gone already do not matter. Raises ScreeningError."""
    if wanted := list(jobs):
        _call("scancel", "--quiet", *wanted)


def states(jobs: Collection[str]) -> dict[str, JobState]:
    """States by id of the jobs that Slurm still knows; a task of an array by `ARRAY_TASK`.

    Those in the queue come from squeue; the others from the accounts, or from the controller where it keeps none.
    Empty where there is no Slurm, or none that answers.
    """
    if not jobs or not is_there():
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
    """Lines `id|state|reason|nodes|exit code`, the last one there or not."""
    found = {}
    for line in lines:
        name, state, reason, nodes, *exit_code = line.split("|")
        if name.partition("_")[0] in jobs:
            # accounts say `CANCELLED by 1000`
            found[name] = JobState(state.split()[0], reason.replace("None", ""), "".join(exit_code), nodes)
    return found


def _lines(command: Sequence[str]) -> list[str]:
    """What a program says, nothing where it fails: a part of Slurm that is not there tells nothing."""
    try:
        return _call(*command).strip().splitlines()
    except ScreeningError:
        return []


def _call(*command: str) -> str:
    ended = _run(command)
    if ended.returncode:
        raise ScreeningError(f"{command[0]}: {_said(ended)}")
    return ended.stdout


def _run(command: Sequence[str], stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=_PATIENCE_S, env=_plain())
    except FileNotFoundError:
        raise ScreeningError(f"{command[0]} was not found: there is no Slurm on this machine") from None
    except subprocess.TimeoutExpired:
        raise ScreeningError(f"{command[0]}: no answer from Slurm within {_PATIENCE_S} s") from None


def _plain() -> Mapping[str, str]:
    """The environment without what changes how Slurm's programs write."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("SQUEUE_", "SINFO_", "SACCT_", "SLURM_TIME_"))}


def _said(ended: subprocess.CompletedProcess[str]) -> str:
    """Why, in one line: several lines of Slurm say the same, the first with `sbatch: error:` before it."""
    lines = [re.sub(r"^\w+: (error: )?", "", line).strip() for line in ended.stderr.splitlines()]
    reasons = [line.removeprefix("allocation failure: ") for line in lines if line]
    return "; ".join(dict.fromkeys(reasons)) or f"exit status {ended.returncode}"
