"""How far a job is, by what lies in its output folder; nothing but the files is needed for that."""

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
    """rows: inputs on disk. total: inputs of the whole source, known once the shard is complete, else None.

    written: when the last part was, in seconds since 1970; None before the first.
    """

    index: int
    rows: int = 0
    total: int | None = None
    written: float | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing lacks."""
        return self.total is not None


@dataclass(frozen=True)
class TrainingProgress:
    """step: optimiser steps of the newest checkpoint, None if there is none. written: as for shards.

    is_done: whether the model is there.
    """

    step: int | None
    written: float | None
    is_done: bool


def shard_progress(folder: Path, count: int | None = None) -> list[ShardProgress]:
    """All shards of an output folder in order. count: how many there are to be; None: as the folders' names say."""
    found = {}
    for path in (folder / SHARDS).glob("*-of-*"):
        if name := _SHARD.fullmatch(path.name):
            found[int(name[1])] = _shard(path, int(name[1]))
            count = int(name[2])
    return [found.get(index, ShardProgress(index)) for index in range(count or 0)]


def training_progress(folder: Path) -> TrainingProgress | None:
    """None where no training has begun."""
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
        said = orjson.loads((folder / DONE).read_bytes())
        expected = said["scored"] + said["rejected"] + said["earlier"]
        return ShardProgress(index, rows, int(said["total"]) if rows >= expected else None, written)
    except (OSError, ValueError, KeyError, TypeError):
        return ShardProgress(index, rows, None, written)
