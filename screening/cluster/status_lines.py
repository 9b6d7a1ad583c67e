"""The output of `screening status`: progress, state of the jobs, why one failed, and what to do next."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from screening.cluster.progress import ShardProgress, TrainingProgress
from screening.cluster.slurm import JobState
from screening.cluster.submitted import SubmittedJob, latest_task
from screening.crystals.reading.identity import printable

_SHOWN = 20
_LOGS = 3
_TAIL_BYTES = 20_000
_HINTS = {
    "OUT_OF_MEMORY": "it needs more than cluster.memory= allows",
    "TIMEOUT": "it needs more than cluster.time= allows; its results so far are kept",
    "NODE_FAIL": "its node failed",
    "CANCELLED": "somebody cancelled it",
    "PartitionTimeLimit": "cluster.time= is longer than its partition allows, so it will never start",
    "BadConstraints": "no node has what it asks for, so it will never start",
    "JobHeldUser": "it is held: scontrol release ID",
    "JobHeldAdmin": "it is held by an administrator",
}


@dataclass(frozen=True)
class JobStatus:
    """The jobs of an output folder.

    Attributes:
        folder: The output folder.
        jobs: The jobs submitted for it.
        states: States of those that Slurm knows.
        lines: How many lines of a failed job's log to show.
    """

    folder: Path
    jobs: Sequence[SubmittedJob]
    states: Mapping[str, JobState]
    lines: int = 5

    @property
    def quoted(self) -> str:
        """The folder, quoted for the shell."""
        return shlex.quote(f"output_dir={self.folder}" if "=" in str(self.folder) else str(self.folder))

    @property
    def again(self) -> str:
        """The command that submits the missing jobs; empty if nothing was ever submitted."""
        return self.jobs[-1].command if self.jobs else ""

    def job_lines(self) -> list[str]:
        """A line for each job of the latest submission that is not an array and that Slurm still knows."""
        last = [job for job in self.jobs if job.submitted == self.jobs[-1].submitted and not job.shards]
        known = [job for job in last if job.id in self.states]
        return [f"  {job.name:9} {job.id}  {_state_text(self.states[job.id])}" for job in known]

    def failed_log(self, job: SubmittedJob, shard: int | None = None) -> list[str]:
        """The end of a log, indented, under its name; empty if there is none."""
        path = job.log(self.folder, shard)
        tail = last_lines(path, self.lines)
        return [f"{path} ends:", *(f"    {line}" for line in tail)] if tail else []


def ranking_lines(status: JobStatus, shards: Sequence[ShardProgress], is_ranked: bool) -> list[str]:
    """Describe the status of a ranking in shards.

    Args:
        status: The jobs.
        shards: The progress of all shards.
        is_ranked: Whether the tables have been written.
    """
    missing = [shard for shard in shards if not shard.is_complete]
    tasks = {shard.index: latest_task(list(status.jobs), shard.index) for shard in missing}
    states = {index: status.states.get(task[1]) for index, task in tasks.items() if task}
    active = {index for index, state in states.items() if state is not None and state.is_active}
    total = next((shard.total for shard in shards if shard.total is not None), None)
    rows = sum(shard.rows for shard in shards)
    lines = [
        f"{len(shards) - len(missing)} of {len(shards)} shards complete, {rows:,} candidates"
        + (f" of {total:,}" if total is not None else "")
        + " on disk"
    ]
    for shard in missing[:_SHOWN]:
        task, state = tasks[shard.index], states.get(shard.index)
        parts = [_written(shard), task[1] if task else "", _state_text(state) if state else ""]
        lines.append(f"  shard {shard.index:<5} " + "  ".join(filter(None, parts)))
    if len(missing) > _SHOWN:
        lines.append(f"  and {len(missing) - _SHOWN} more")
    lines += status.job_lines()
    ended = [index for index in states if index not in active]
    for index in ended[:_LOGS]:
        if task := tasks[index]:
            lines += status.failed_log(task[0], index)
    return [*lines, _next_of_ranking(status, [shard.index for shard in missing], active, is_ranked)]


def training_lines(status: JobStatus, progress: TrainingProgress | None) -> list[str]:
    """Describe the status of a training run; `progress` is None before it has begun."""
    if progress is None or progress.step is None:
        lines = ["no checkpoint yet"]
    else:
        lines = [f"step {progress.step:,}, checkpoint written {_ago(progress.written)}"]
    lines += status.job_lines()
    last = status.jobs[-1] if status.jobs else None
    state = status.states.get(last.id) if last else None
    if progress is not None and progress.is_done:
        return [*lines, f"done: the model is in {status.folder / 'model'}"]
    if state is not None and state.is_active:
        return [*lines, "nothing to do: the job is queued or running"]
    if last is not None:
        lines += status.failed_log(last)
    return [
        *lines,
        f"next: {status.again or 'run the same screening train again'}, which continues from the checkpoint",
    ]


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a text file, safe to print; empty if it cannot be read. Only the end is read."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    lines = [line for line in text.splitlines() if line.strip()]
    return [printable(line) for line in lines[len(lines) - count :]] if count else []


def _next_of_ranking(status: JobStatus, missing: Sequence[int], active: set[int], is_ranked: bool) -> str:
    reducing = [job for job in status.jobs if not job.shards and job.is_active(status.states)]
    if not missing and is_ranked:
        return f"done: {status.folder / 'report.html'}"
    if not missing:
        waiting = f"nothing to do: job {reducing[0].id} will join them" if reducing else ""
        return waiting or f"next: screening reduce {status.quoted}"
    if active == set(missing):
        return "nothing to do: all missing shards are queued or running"
    again = status.again or (
        "run the same `screening rank` again, or the missing shards with shard=N; they continue where they stopped"
    )
    idle = len(missing) - len(active)
    return f"next ({idle} missing {'shard is' if idle == 1 else 'shards are'} not queued): {again}"


def _written(shard: ShardProgress) -> str:
    return f"{shard.rows:,} on disk, last {_ago(shard.written)}" if shard.rows else "not started"


def _state_text(state: JobState) -> str:
    hint = _HINTS.get(state.state) or (_HINTS.get(state.reason) if state.is_pending else None)
    return f"{state}: {hint}" if hint else str(state)


def _ago(moment: float | None) -> str:
    if moment is None:
        return "never"
    seconds = max(0.0, time.time() - moment)
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
