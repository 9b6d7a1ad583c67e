"""`screening status`: how far a job is, and what to do next."""

from __future__ import annotations

from pathlib import Path

from screening.cluster import slurm
from screening.cluster.progress import shard_progress, training_progress
from screening.cluster.status_lines import JobStatus, ranking_lines, training_lines
from screening.cluster.submitted import submitted_jobs
from screening.configuration.status import StatusConfig
from screening.console import say
from screening.errors import RequestError
from screening.tracking.ranking_folder import PAGE, RECORD


def run(config: StatusConfig) -> None:
    """Say it; an unfinished or failed job is an answer, not an error."""
    folder = Path(config.output_dir)
    if not folder.is_dir():
        raise RequestError(f"output_dir={folder}: no such folder; expected that of a ranking or a training")
    jobs = submitted_jobs(folder)
    status = JobStatus(folder, jobs, slurm.states({job.id for job in jobs}), config.lines)
    shards = shard_progress(folder, 1 + max((max(job.shards) for job in jobs if job.shards), default=-1))
    is_ranked = (folder / RECORD).is_file()
    if shards:
        lines = ranking_lines(status, shards, is_ranked)
    elif training_progress(folder) is not None or any(job.name == "train" for job in jobs):
        lines = training_lines(status, training_progress(folder))
    elif is_ranked or jobs:
        lines = [*status.job_lines(), *([f"done: {folder / PAGE}"] if is_ranked else [f"next: {status.again}"])]
    else:
        raise RequestError(f"output_dir={folder}: neither a ranking nor a training has begun here")
    for line in lines:
        say(line)
