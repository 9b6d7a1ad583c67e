"""Submits jobs: checks all of them first, then queues all or none."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from screening.cluster import slurm
from screening.cluster.scripts import Resources, Script
from screening.cluster.slurm import JobState
from screening.cluster.submitted import JOBS, SubmittedJob, record_jobs, timestamp
from screening.errors import ScreeningError
from screening.files import output_folder, write_text_atomic

AFTER_ALL, AFTER_A_FAILURE = "afterok", "afternotok"


@dataclass(frozen=True)
class Planned:
    """A job to queue.

    Attributes:
        script: Its script.
        shards: Shards of an array; empty for other jobs.
        after: Slurm's dependency type on the jobs before it (`afterok`); empty to start at once.
    """

    script: Script
    shards: tuple[int, ...] = ()
    after: str = ""


@dataclass(frozen=True)
class Plan:
    """The jobs of a submission.

    Attributes:
        folder: The output folder.
        command: The command that submits them.
        jobs: The jobs in order; those with `after` depend on those without and on `others`.
        others: Ids of tasks that are already queued or running.
        replaced: Ids of pending jobs that these replace.
    """

    folder: Path
    command: str
    jobs: Sequence[Planned]
    others: Sequence[str] = ()
    replaced: Sequence[str] = field(default=())

    def options(self, job: Planned, ids: Iterable[str]) -> list[str]:
        """Options of sbatch for a job, given the ids of the jobs queued before it."""
        awaited = [*self.others, *ids]
        return [f"--dependency={job.after}:{':'.join(awaited)}"] if job.after and awaited else []

    def as_commands(self) -> list[str]:
        """The shell commands that would queue the scripts."""
        names: list[str] = []
        lines = []
        for job in self.jobs:
            options = self.options(job, [f"${name}" for name in names])
            file = self.folder / JOBS / job.script.file_name
            lines.append(" ".join(["sbatch", *options, shlex.quote(str(file))]))
            if not job.after:
                names.append(f"ID_OF_{job.script.name.upper()}")
        return lines


def check(plan: Plan, resources: Resources) -> None:
    """Check a plan with Slurm.

    Raises:
        RequestError: With the reason, if Slurm would refuse a job or never start it.
    """
    for job in plan.jobs:
        slurm.check_script(job.script.text)
    slurm.check_time(resources.time, resources.partition)


def queue_jobs(plan: Plan) -> list[SubmittedJob]:
    """Write the scripts, queue the jobs and record them.

    Raises:
        ScreeningError: If a job is refused; then nothing stays queued.
    """
    folder = output_folder(plan.folder / JOBS, "output_dir")
    done: list[SubmittedJob] = []
    time = timestamp()
    with _all_or_none(done):
        for job in plan.jobs:
            file = folder / job.script.file_name
            write_text_atomic(file, job.script.text)
            ids = [earlier.id for earlier, planned in zip(done, plan.jobs, strict=False) if not planned.after]
            identity = slurm.submit(file, plan.options(job, ids))
            done.append(SubmittedJob(identity, job.script.name, plan.command, time, job.shards))
        record_jobs(plan.folder, done)
    slurm.cancel(plan.replaced)
    return done


@contextmanager
def _all_or_none(done: list[SubmittedJob]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(ScreeningError):
            slurm.cancel(job.id for job in done)
        raise


def active_tasks(jobs: Sequence[SubmittedJob], states: Mapping[str, JobState]) -> dict[int, str]:
    """Task ids of queued and running shards, by shard."""
    return {
        shard: task for job in jobs for shard, task in job.tasks.items() if task in states and states[task].is_active
    }
