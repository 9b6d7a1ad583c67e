"""From what lacks to jobs in the queue: all are asked about first, then queued, or none is."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from screening.cluster import slurm
from screening.cluster.scripts import Resources, Script
from screening.cluster.slurm import JobState
from screening.cluster.submitted import JOBS, SubmittedJob, now, record_jobs
from screening.errors import ScreeningError
from screening.files import output_folder, write_text_atomic

AFTER_ALL, AFTER_A_FAILURE = "afterok", "afternotok"


@dataclass(frozen=True)
class Planned:
    """A job to queue. shards: of an array. after: on which outcome of others it starts; empty: at once."""

    script: Script
    shards: tuple[int, ...] = ()
    after: str = ""


@dataclass(frozen=True)
class Plan:
    """jobs: in order; those with `after` wait for the ones without and for `others`, ids of tasks that run already.

    replaced: ids of jobs that still wait and that these take the place of.
    """

    folder: Path
    command: str
    jobs: Sequence[Planned]
    others: Sequence[str] = ()
    replaced: Sequence[str] = field(default=())

    def options(self, job: Planned, ids: Iterable[str]) -> list[str]:
        """What sbatch is told beside the script; ids: of what was queued before."""
        awaited = [*self.others, *ids]
        return [f"--dependency={job.after}:{':'.join(awaited)}"] if job.after and awaited else []

    def as_commands(self) -> list[str]:
        """What one would type to queue the scripts."""
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
    """Raises RequestError with the reason if Slurm would refuse one of the jobs, or never start it."""
    for job in plan.jobs:
        slurm.would_accept(job.script.text)
    slurm.check_time(resources.time, resources.partition)


def queue_jobs(plan: Plan) -> list[SubmittedJob]:
    """Write the scripts, queue the jobs, keep a record. Raises ScreeningError, and nothing stays queued then."""
    folder = output_folder(plan.folder / JOBS, "output_dir")
    done: list[SubmittedJob] = []
    time = now()
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


def living_tasks(jobs: Sequence[SubmittedJob], states: Mapping[str, JobState]) -> dict[int, str]:
    """Task by shard, of the shards that are in the queue or run."""
    return {
        shard: task for job in jobs for shard, task in job.tasks.items() if task in states and states[task].is_alive
    }
