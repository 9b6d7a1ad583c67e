"""Jobs submitted for an output folder: scripts and logs are in its `jobs/`, the job ids in `jobs/jobs.json`."""

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
    """A submitted job.

    Attributes:
        id: Slurm's id.
        name: Name of the script.
        command: The command that submitted it.
        submitted: When it was submitted.
        shards: Shards of an array, one for each task; empty for other jobs.
    """

    id: str
    name: str
    command: str
    submitted: str
    shards: tuple[int, ...] = ()

    @property
    def tasks(self) -> dict[int, str]:
        """Slurm's task ids by shard."""
        return {shard: f"{self.id}_{shard}" for shard in self.shards}

    def log(self, folder: Path, shard: int | None = None) -> Path:
        """The log of the job, or of the task that scores a shard; `folder` is the output folder."""
        task = "" if shard is None else f"_{shard}"
        return folder / JOBS / f"screening-{self.name}-{self.id}{task}.log"

    def is_active(self, states: Mapping[str, JobState]) -> bool:
        """Whether the job, or one of its tasks, is queued or running."""
        return any(state.is_active for name, state in states.items() if name.partition("_")[0] == self.id)


def submitted_jobs(folder: Path) -> list[SubmittedJob]:
    """All jobs ever submitted for an output folder, latest last."""
    file = folder / JOBS / INDEX
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        return [SubmittedJob(**{**row, "shards": tuple(row["shards"])}) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        _LOG.warning("cannot read %s (%s): earlier jobs are unknown", file, error)
        return []


def record_jobs(folder: Path, jobs: list[SubmittedJob]) -> None:
    """Add jobs to the record."""
    rows = [asdict(job) for job in [*submitted_jobs(folder), *jobs]]
    write_text_atomic(folder / JOBS / INDEX, json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


def timestamp() -> str:
    """The current time as written to the record."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def latest_task(jobs: list[SubmittedJob], shard: int) -> tuple[SubmittedJob, str] | None:
    """The latest job for a shard and its task id; None if there was none."""
    return next(((job, job.tasks[shard]) for job in reversed(jobs) if shard in job.tasks), None)
