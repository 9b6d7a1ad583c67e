"""Where parts are examined: rows in this process, files in worker processes if there are many."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.examine import examine
from screening.crystals.reading.parts import Outcome, Part
from screening.crystals.reading.workers import WorkerPool
from screening.crystals.sites import Sites

_FEW = 32
"""This many files are parsed before workers would have started."""
_LARGE = 64 << 10
"""A larger file may take minutes to parse, so it goes to a worker, which can be stopped."""
_CHUNK_BYTES = 4 << 20
_MOST_WORKERS = 8


@dataclass
class _Chunk:
    """Consecutive parts that are examined together; slow ones need a parser of another library."""

    slow: bool = False
    parts: list[Part] = field(default_factory=list)
    size: int = 0
    largest: int = 0
    future: Future[list[Outcome]] | None = None

    def add(self, part: Part) -> None:
        size = len(part.data) if isinstance(part.data, bytes) else 1024
        self.parts.append(part)
        self.size += size
        self.largest = max(self.largest, size)

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
    slow_parts = 0
    try:
        for chunk in _chunks(parts, settings):
            waiting.append(chunk)
            if chunk.slow and workers:
                slow_parts += len(chunk.parts)
                if pool is None and (settings.workers or slow_parts > _FEW or chunk.largest > _LARGE):
                    pool = WorkerPool(workers, settings)
                if pool is not None:
                    for held in waiting:
                        if held.slow and held.future is None:
                            held.future = pool.submit(held.parts)
            while waiting and (len(waiting) > most_waiting or _is_ready(waiting[0], workers)):
                yield from waiting.popleft().outcomes(settings)
        while waiting:
            yield from waiting.popleft().outcomes(settings)
    finally:
        if pool is not None:
            pool.close()


def _is_ready(chunk: _Chunk, workers: int) -> bool:
    """Whether to give out a chunk's outcomes; a slow chunk without a future waits, as workers may start yet."""
    if chunk.future is not None:
        return chunk.future.done()
    return not chunk.slow or not workers


def _chunks(parts: Iterable[Part], settings: ReadSettings) -> Iterator[_Chunk]:
    chunk = _Chunk()
    for part in parts:
        slow = _is_slow(part, settings)
        limit = 64 if not chunk.slow else 2 if settings.order else 16
        changes = slow != chunk.slow and not part.reason  # a refusal fits into any chunk
        if chunk.parts and (changes or len(chunk.parts) >= limit or chunk.size > _CHUNK_BYTES):
            yield chunk
            chunk = _Chunk(slow)
        elif changes:
            chunk.slow = slow
        chunk.add(part)
    if chunk.parts:
        yield chunk


def _is_slow(part: Part, settings: ReadSettings) -> bool:
    """Rows take microseconds unless they need ordering, which only nested rows can."""
    if part.reason:
        return False
    if isinstance(part.data, Sites):
        return settings.order and part.data.occupancies is not None
    if part.kind == "row":
        return settings.order and (not isinstance(part.data, bytes) or part.data.count(b"{") > 1)
    return True


def worker_count(asked: int | None) -> int:
    """The most processes that parse files at once, for the setting `workers`."""
    if asked is not None:
        return max(0, asked)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_WORKERS)
