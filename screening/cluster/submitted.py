"""What was submitted for an output folder: scripts and logs lie in its `jobs/`, the jobs' ids in `jobs/jobs.json`."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from screening.cluster.slurm import JobState
from screening.files import write_text_atomic

JOBS, INDEX = "jobs", "jobs.json"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class SubmittedJob:
    """id: Slurm's. name: of the script. shards: those that a task of the array scores each; none for other jobs."""

    id: str
    name: str
    command: str
    submitted: str
    shards: tuple[int, ...] = ()

    @property
    def tasks(self) -> dict[int, str]:
        """Slurm's id of the task by shard."""
        return {shard: f"{self.id}_{shard}" for shard in self.shards}

    def log(self, folder: Path, shard: int | None = None) -> Path:
        """Where it writes to. folder: the output folder."""
        task = "" if shard is None else f"_{shard}"
        return folder / JOBS / f"screening-{self.name}-{self.id}{task}.log"

    def lives(self, states: Mapping[str, JobState]) -> bool:
        """Whether it, or a task of it, is in the queue or runs."""
        return any(state.is_alive for name, state in states.items() if name.partition("_")[0] == self.id)


def submitted_jobs(folder: Path) -> list[SubmittedJob]:
    """All jobs that were ever submitted for an output folder, the latest last; none if there is no record of any."""
    file = folder / JOBS / INDEX
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        return [SubmittedJob(**{**row, "shards": tuple(row["shards"])}) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        _LOG.warning("%s cannot be read (%s): earlier jobs are not known", file, error)
        return []


def record_jobs(folder: Path, jobs: list[SubmittedJob]) -> None:
    """Add jobs to the record."""
    rows = [asdict(job) for job in [*submitted_jobs(folder), *jobs]]
    write_text_atomic(folder / JOBS / INDEX, json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


def now() -> str:
    """The time as the record keeps it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def latest_task(jobs: list[SubmittedJob], shard: int) -> tuple[SubmittedJob, str] | None:
    """The last job that was to score a shard, and its task; None if there was none."""
    return next(((job, job.tasks[shard]) for job in reversed(jobs) if shard in job.tasks), None)
