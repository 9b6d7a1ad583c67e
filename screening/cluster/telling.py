"""What `screening status` says: how far each shard is, what its job does, why one failed, what to do next."""

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
    "OUT_OF_MEMORY": "it needs more than cluster.memory= gave it",
    "TIMEOUT": "it needs more than cluster.time= gave it; what is written is kept",
    "NODE_FAIL": "its machine failed",
    "CANCELLED": "somebody cancelled it",
    "PartitionTimeLimit": "cluster.time= is longer than its partition allows: it will never start",
    "BadConstraints": "no machine has what it asks for: it will never start",
    "JobHeldUser": "it is held: scontrol release ID",
    "JobHeldAdmin": "an administrator holds it",
}


@dataclass(frozen=True)
class Situation:
    """folder: of the results. jobs: submitted for it. states: of those that Slurm knows. lines: of a log to show."""

    folder: Path
    jobs: Sequence[SubmittedJob]
    states: Mapping[str, JobState]
    lines: int = 5

    @property
    def quoted(self) -> str:
        """The folder as one types it."""
        return shlex.quote(f"output_dir={self.folder}" if "=" in str(self.folder) else str(self.folder))

    @property
    def again(self) -> str:
        """The command that submits what lacks; empty if nothing was submitted."""
        return self.jobs[-1].command if self.jobs else ""

    def job_lines(self) -> list[str]:
        """A line for each job that is no array, of the last submission, that Slurm still knows."""
        last = [job for job in self.jobs if job.submitted == self.jobs[-1].submitted and not job.shards]
        known = [job for job in last if job.id in self.states]
        return [f"  {job.name:9} {job.id}  {_told(self.states[job.id])}" for job in known]

    def failed_log(self, job: SubmittedJob, shard: int | None = None) -> list[str]:
        """The end of a log, indented, with its name; nothing if it is not there."""
        path = job.log(self.folder, shard)
        tail = last_lines(path, self.lines)
        return [f"{path} ends:", *(f"    {line}" for line in tail)] if tail else []


def ranking_lines(situation: Situation, shards: Sequence[ShardProgress], is_ranked: bool) -> list[str]:
    """How a ranking in shards stands; is_ranked: whether its tables are written."""
    lacking = [shard for shard in shards if not shard.is_complete]
    tasks = {shard.index: latest_task(list(situation.jobs), shard.index) for shard in lacking}
    states = {index: situation.states.get(task[1]) for index, task in tasks.items() if task}
    living = {index for index, state in states.items() if state is not None and state.is_alive}
    total = next((shard.total for shard in shards if shard.total is not None), None)
    rows = sum(shard.rows for shard in shards)
    lines = [
        f"{len(shards) - len(lacking)} of {len(shards)} shards complete, {rows:,} candidates"
        + (f" of {total:,}" if total is not None else "")
        + " on disk"
    ]
    for shard in lacking[:_SHOWN]:
        task, state = tasks[shard.index], states.get(shard.index)
        words = [_written(shard), task[1] if task else "", _told(state) if state else ""]
        lines.append(f"  shard {shard.index:<5} " + "  ".join(filter(None, words)))
    if len(lacking) > _SHOWN:
        lines.append(f"  and {len(lacking) - _SHOWN} more")
    lines += situation.job_lines()
    ended = [index for index in states if index not in living]
    for index in ended[:_LOGS]:
        if task := tasks[index]:
            lines += situation.failed_log(task[0], index)
    return [*lines, _next_of_ranking(situation, [shard.index for shard in lacking], living, is_ranked)]


def training_lines(situation: Situation, progress: TrainingProgress | None) -> list[str]:
    """How a training stands; progress: None before it has begun."""
    if progress is None or progress.step is None:
        lines = ["no checkpoint yet"]
    else:
        lines = [f"step {progress.step:,}, checkpoint written {_ago(progress.written)}"]
    lines += situation.job_lines()
    last = situation.jobs[-1] if situation.jobs else None
    state = situation.states.get(last.id) if last else None
    if progress is not None and progress.is_done:
        return [*lines, f"done: the model is in {situation.folder / 'model'}"]
    if state is not None and state.is_alive:
        return [*lines, "nothing to do: the job is in the queue or runs"]
    if last is not None:
        lines += situation.failed_log(last)
    return [*lines, f"next: {situation.again or 'the same screening train again'}, which goes on from the checkpoint"]


def last_lines(path: Path, count: int) -> list[str]:
    """The end of a text file, of which only the end is read, safe to show; nothing if it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    lines = [line for line in text.splitlines() if line.strip()]
    return [printable(line) for line in lines[len(lines) - count :]] if count else []


def _next_of_ranking(situation: Situation, lacking: Sequence[int], living: set[int], is_ranked: bool) -> str:
    reducing = [job for job in situation.jobs if not job.shards and job.lives(situation.states)]
    if not lacking and is_ranked:
        return f"done: {situation.folder / 'report.html'}"
    if not lacking:
        waiting = f"nothing to do: job {reducing[0].id} joins them" if reducing else ""
        return waiting or f"next: screening reduce {situation.quoted}"
    if living == set(lacking):
        return "nothing to do: all that lacks is in the queue or runs"
    again = situation.again or (
        "the same `screening rank` again, or with shard=N those that lack; they go on where they stopped"
    )
    dead = len(lacking) - len(living)
    return f"next ({dead} {'shard is' if dead == 1 else 'shards are'} in no queue): {again}"


def _written(shard: ShardProgress) -> str:
    return f"{shard.rows:,} on disk, last {_ago(shard.written)}" if shard.rows else "not begun"


def _told(state: JobState) -> str:
    hint = _HINTS.get(state.state) or (_HINTS.get(state.reason) if state.waits else None)
    return f"{state}: {hint}" if hint else str(state)


def _ago(moment: float | None) -> str:
    if moment is None:
        return "never"
    seconds = max(0.0, time.time() - moment)
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
