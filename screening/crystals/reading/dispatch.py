"""Where parts are examined: small ones in this process, others, or many, in worker processes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.bounds import is_small, size_of
from screening.crystals.reading.examine import examine
from screening.crystals.reading.parts import Outcome, Part
from screening.crystals.reading.worker_pool import WorkerPool
from screening.crystals.sites import Sites

_FEW = 32
"""This many files are parsed before workers would have started."""
_CHUNK_BYTES = 4 << 20
_MOST_WAITING_BYTES = 64 << 20
_MOST_WORKERS = 8


class _Place(IntEnum):
    """Where parts are examined."""

    HERE = 0
    """A small row takes microseconds."""
    ANYWHERE = 1
    """A small file takes milliseconds: in workers if there are many."""
    AWAY = 2
    """The cost may be anything, so only a worker may be asked."""


@dataclass
class _Chunk:
    """Consecutive parts that are examined together."""

    place: _Place = _Place.HERE
    parts: list[Part] = field(default_factory=list)
    size: int = 0
    future: Future[list[Outcome]] | None = None

    def add(self, part: Part) -> None:
        self.parts.append(part)
        self.size += size_of(part)

    def outcomes(self, settings: ReadSettings) -> Iterator[tuple[Part, Outcome]]:
        if self.future is not None:
            yield from zip(self.parts, self.future.result(), strict=True)
        else:
            for part in self.parts:
                yield part, examine(part, settings)


def examine_all(parts: Iterable[Part], settings: ReadSettings) -> Iterator[tuple[Part, Outcome]]:
    """Every part with its outcome, in the order of the parts; only a limited number is in memory at a time."""
    workers = worker_count(settings.workers)
    most_waiting = 2 * workers + 2
    waiting: deque[_Chunk] = deque()
    pool: WorkerPool | None = None
    files = 0
    try:
        for chunk in _chunks(parts, settings):
            waiting.append(chunk)
            files += len(chunk.parts) if chunk.place is _Place.ANYWHERE else 0
            many = workers > 0 and (files > _FEW or (files > 0 and settings.workers is not None))
            if pool is None and (many or chunk.place is _Place.AWAY):
                pool = WorkerPool(max(1, workers), settings)
            if pool is not None:
                for held in waiting:
                    if held.future is None and (held.place is _Place.AWAY or (many and held.place is _Place.ANYWHERE)):
                        held.future = pool.submit(held.parts)
            while waiting and (
                len(waiting) > most_waiting
                or _is_ready(waiting[0], workers)
                or sum(held.size for held in waiting) > _MOST_WAITING_BYTES
            ):
                yield from waiting.popleft().outcomes(settings)
        while waiting:
            yield from waiting.popleft().outcomes(settings)
    finally:
        if pool is not None:
            pool.close()


def _is_ready(chunk: _Chunk, workers: int) -> bool:
    """Whether to give out a chunk's outcomes; one without a future that may have one waits, as workers may start."""
    if chunk.future is not None:
        return chunk.future.done()
    return chunk.place is _Place.HERE or not workers


def _chunks(parts: Iterable[Part], settings: ReadSettings) -> Iterator[_Chunk]:
    chunk = _Chunk()
    for part in parts:
        place = chunk.place if part.reason else _place(part, settings)  # a refusal fits into any chunk
        limit = 64 if chunk.place is _Place.HERE else 2 if settings.order else 16
        if chunk.parts and (place is not chunk.place or len(chunk.parts) >= limit or chunk.size > _CHUNK_BYTES):
            yield chunk
            chunk = _Chunk()
        chunk.place = place
        chunk.add(part)
    if chunk.parts:
        yield chunk


def _place(part: Part, settings: ReadSettings) -> _Place:
    if settings.order and _may_be_disordered(part):
        return _Place.AWAY  # ordering takes a library and, at times, minutes
    if not is_small(part):
        return _Place.AWAY
    return _Place.HERE if part.kind == "row" or isinstance(part.data, Sites) else _Place.ANYWHERE


def _may_be_disordered(part: Part) -> bool:
    if isinstance(part.data, Sites):
        charged = part.data.charged
        return part.data.occupancies is not None or (charged is not None and charged.occupancies is not None)
    # Of rows, only nested ones can hold occupancies.
    return part.kind != "row" or not isinstance(part.data, bytes) or part.data.count(b"{") > 1


def worker_count(asked: int | None) -> int:
    """The most processes that parse files at once, for the setting `workers`."""
    if asked is not None:
        return max(0, asked)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_WORKERS)
