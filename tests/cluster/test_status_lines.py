"""The output of `screening status` in every situation, from the files alone."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from screening.cluster.part_files import PartFolder
from screening.cluster.progress import ShardProgress, TrainingProgress, shard_progress, training_progress
from screening.cluster.slurm import JobState
from screening.cluster.status_lines import JobStatus, last_lines, ranking_lines, training_lines
from screening.cluster.submitted import JOBS, SubmittedJob, record_jobs, submitted_jobs

ARRAY = SubmittedJob("7", "rank", "screening submit rank x=1", "2026-01-01", (0, 1, 2))
REDUCING = SubmittedJob("8", "reduce", "screening submit rank x=1", "2026-01-01")
DONE = ShardProgress(0, 5, 12, 0.0)


def _lines(
    folder: Path, shards: list[ShardProgress], states: dict[str, JobState] | None = None, *, is_ranked: bool = False
) -> list[str]:
    jobs = [] if states is None else [ARRAY, REDUCING]
    return ranking_lines(JobStatus(folder, jobs, states or {}), shards, is_ranked)


def test_what_to_do_next(tmp_path: Path) -> None:
    half = [DONE, ShardProgress(1, 2, None, 0.0), ShardProgress(2)]
    lines = _lines(tmp_path, half)
    assert lines[0] == "1 of 3 shards complete, 7 candidates of 12 on disk"
    assert lines[1].startswith("  shard 1     2 on disk, last ") and lines[1].endswith("days ago")
    assert lines[2] == "  shard 2     not started"
    assert lines[-1].startswith("next (2 missing shards are not queued): run the same `screening rank` again")

    waiting = JobState("PENDING", "Resources")
    queued = {"7_1": JobState("RUNNING", "", "", "n1"), "7_2": waiting, "8": JobState("PENDING", "Dependency")}
    lines = _lines(tmp_path, half, queued)
    assert lines[1].endswith("7_1  RUNNING (n1)") and lines[2].endswith("7_2  PENDING (Resources)")
    assert lines[3:] == [
        "  reduce    8  PENDING (Dependency)",
        "nothing to do: all missing shards are queued or running",
    ]

    lines = _lines(tmp_path, half, {"7_1": JobState("OUT_OF_MEMORY", "", "0:9"), "7_2": waiting})
    assert lines[1].endswith("OUT_OF_MEMORY (signal 9): it needs more than cluster.memory= allows")
    assert lines[-1] == "next (1 missing shard is not queued): screening submit rank x=1"

    complete = [DONE, ShardProgress(1, 4, 12, 0.0), ShardProgress(2, 3, 12, 0.0)]
    assert _lines(tmp_path, complete)[-1] == f"next: screening reduce {tmp_path}"
    assert _lines(tmp_path, complete, {"8": waiting})[-1] == "nothing to do: job 8 will join them"
    assert _lines(tmp_path, complete, is_ranked=True)[-1] == f"done: {tmp_path / 'report.html'}"


def test_many_shards_stay_readable(tmp_path: Path) -> None:
    lines = _lines(tmp_path, [ShardProgress(index) for index in range(5000)])
    assert len(lines) < 25 and "  and 4980 more" in lines


def test_the_end_of_a_failed_jobs_log(tmp_path: Path) -> None:
    log = ARRAY.log(tmp_path, 2)
    log.parent.mkdir()
    log.write_bytes(b"x" * 100_000 + "\n\nсначала\n\x1b[31mred\n  why it failed\n\n".encode() + b"\xff\n")
    lines = _lines(tmp_path, [DONE, ShardProgress(1), ShardProgress(2)], {"7_2": JobState("FAILED", "", "1:0")})
    assert f"{log} ends:" in lines
    assert [line.strip() for line in lines[-5:-1]] == ["сначала", "\ufffd[31mred", "why it failed", "\ufffd"]
    assert max(map(len, lines)) < 25_000  # of a large log only the end is read
    assert last_lines(log, 0) == [] and last_lines(tmp_path / "nothing", 3) == []


def test_a_training(tmp_path: Path) -> None:
    job = SubmittedJob("9", "train", "screening submit train y=2", "2026-01-01")
    begun = TrainingProgress(1200, 0.0, False)
    running = JobStatus(tmp_path, [job], {"9": JobState("RUNNING", "", "", "n1")})
    assert training_lines(running, begun)[1:] == [
        "  train     9  RUNNING (n1)",
        "nothing to do: the job is queued or running",
    ]
    failed = training_lines(JobStatus(tmp_path, [job], {}), begun)
    assert failed[0].startswith("step 1,200, checkpoint written ")
    assert failed[-1] == "next: screening submit train y=2, which continues from the checkpoint"
    assert training_lines(JobStatus(tmp_path, [], {}), None)[0] == "no checkpoint yet"
    done = training_lines(running, TrainingProgress(1200, 0.0, True))
    assert done[-1] == f"done: the model is in {tmp_path / 'model'}"


def test_progress_from_the_files(tmp_path: Path) -> None:
    assert shard_progress(tmp_path) == [] and training_progress(tmp_path) is None
    assert shard_progress(tmp_path, 2) == [ShardProgress(0), ShardProgress(1)]
    parts = PartFolder(tmp_path / "shards" / "1-of-3", {"a": 1})
    parts.folder.mkdir(parents=True)
    parts.append(pl.DataFrame({"position": [1, 4]}))
    parts.append(pl.DataFrame({"position": [5]}))
    (tmp_path / "shards" / "0-of-3").mkdir()
    (tmp_path / "shards" / "notes-of-mine").mkdir()
    found = shard_progress(tmp_path)
    assert [(shard.index, shard.rows, shard.total) for shard in found] == [(0, 0, None), (1, 3, None), (2, 0, None)]
    parts.finish({"scored": 2, "rejected": 1, "earlier": 0, "total": 9})
    assert shard_progress(tmp_path)[1].is_complete and parts.is_complete()
    part = next(parts.folder.glob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-9])  # lost after the shard was complete
    assert not shard_progress(tmp_path)[1].is_complete and not parts.is_complete()


def test_progress_of_a_training(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    assert training_progress(tmp_path) == TrainingProgress(None, None, False)
    for name in ("step-00000042-0123456789abcdef.ckpt", "step-00000007-0123456789abcdef.ckpt"):
        (folder / name).touch()
    (folder / "step-00000050-0123456789abcdef.ckpt.damaged").touch()
    os.utime(folder / "step-00000042-0123456789abcdef.ckpt", (5.0, 5.0))
    assert training_progress(tmp_path) == TrainingProgress(42, 5.0, False)


def test_the_record_of_jobs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert submitted_jobs(tmp_path) == []
    record_jobs(tmp_path, [ARRAY])
    record_jobs(tmp_path, [REDUCING])
    assert submitted_jobs(tmp_path) == [ARRAY, REDUCING]
    assert ARRAY.tasks == {0: "7_0", 1: "7_1", 2: "7_2"}
    for broken in ("{", "[1]", '[{"id": "1"}]'):
        (tmp_path / JOBS / "jobs.json").write_text(broken)
        assert submitted_jobs(tmp_path) == []
        assert "earlier jobs are unknown" in caplog.text
