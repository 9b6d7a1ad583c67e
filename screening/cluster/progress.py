"""The progress of a job, read from the files in its output folder alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import orjson

from screening.cluster.part_files import DONE, SHARDS, part_files, rows_of

_SHARD = re.compile(r"(\d+)-of-(\d+)")
_CHECKPOINT = re.compile(r"step-(\d+)-[0-9a-f]+\.ckpt")
CHECKPOINTS, MODEL = "checkpoints", "model"


@dataclass(frozen=True)
class ShardProgress:
    """The progress of a shard.

    Attributes:
        index: Number of the shard.
        rows: Inputs on disk.
        total: Inputs of the whole source, known once the shard is complete; None before.
        written: When the last part was written, in seconds since 1970; None before the first.
    """

    index: int
    rows: int = 0
    total: int | None = None
    written: float | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all its inputs are on disk."""
        return self.total is not None


@dataclass(frozen=True)
class TrainingProgress:
    """The progress of a training run.

    Attributes:
        step: Optimiser steps of the newest checkpoint; None if there is none.
        written: When it was written, in seconds since 1970.
        is_done: Whether the model has been written.
    """

    step: int | None
    written: float | None
    is_done: bool


def shard_progress(folder: Path, count: int | None = None) -> list[ShardProgress]:
    """The progress of all shards of an output folder, in order.

    Args:
        folder: The output folder.
        count: Number of shards, used while none has begun.
    """
    found = {}
    for path in (folder / SHARDS).glob("*-of-*"):
        if name := _SHARD.fullmatch(path.name):
            found[int(name[1])] = _shard(path, int(name[1]))
            count = int(name[2])
    return [found.get(index, ShardProgress(index)) for index in range(count or 0)]


def training_progress(folder: Path) -> TrainingProgress | None:
    """The progress of a training run; None if none has begun."""
    checkpoints = folder / CHECKPOINTS
    if not checkpoints.is_dir():
        return None
    is_done = (folder / MODEL / "config.json").is_file()
    found = {int(name[1]): path for path in checkpoints.iterdir() if (name := _CHECKPOINT.fullmatch(path.name))}
    if not found:
        return TrainingProgress(None, None, is_done)
    step = max(found)
    return TrainingProgress(step, found[step].stat().st_mtime, is_done)


def _shard(folder: Path, index: int) -> ShardProgress:
    parts = part_files(folder)
    rows = sum(map(rows_of, parts))
    written = max((path.stat().st_mtime for path in parts), default=None)
    try:
        summary = orjson.loads((folder / DONE).read_bytes())
        expected = summary["scored"] + summary["rejected"] + summary["earlier"]
        return ShardProgress(index, rows, int(summary["total"]) if rows >= expected else None, written)
    except (OSError, ValueError, KeyError, TypeError):
        return ShardProgress(index, rows, None, written)
