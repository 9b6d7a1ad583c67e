"""Predicts a stream of crystals: batches in parallel on all cores, results in order.

A single batch cannot keep several cores busy with a network of this size, so each core works on its own batch. On two
cores this is 1.6 times as fast as on one (1,640 instead of 1,040 structures/s in float32).
"""

from __future__ import annotations

import ctypes
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import polars as pl
import torch

from screening.crystals.crystal import Crystal, Rejection
from screening.networks.predictor import Predictor, StageTimes

BATCH_ATOMS = {"cpu": 2048, "cuda": 32768}
"""Atoms per batch by device: for CPUs the best of 512 to 4,096 as measured, for GPUs a guess."""

Batch = tuple[list[Crystal], list[Rejection]]
Scored = tuple[list[Crystal], pl.DataFrame, list[Rejection]]


def stream(
    predictor: Predictor, items: Iterable[Crystal | Rejection], batch_atoms: int | None = None
) -> Iterator[Scored]:
    """Predict a stream batch by batch, in order.

    Args:
        predictor: The model.
        items: Crystals and rejections.
        batch_atoms: Atoms of a batch; None for the default of the device.

    Yields:
        The crystals of a batch, their table, and the rejections among them. A crystal without finite predictions
        becomes a rejection.
    """
    atoms = batch_atoms or BATCH_ATOMS[predictor.device.type]
    batches = _batches(items, atoms, predictor.times)
    cores = torch.get_num_threads() if predictor.device.type == "cpu" else 1
    if cores == 1:
        yield from (_scored(predictor, *batch) for batch in batches)
        return
    waiting: deque[Future[Scored]] = deque()
    with one_batch_per_core(cores) as pool:
        for batch in batches:
            waiting.append(pool.submit(_scored, predictor, *batch))
            if len(waiting) > cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def one_batch_per_core(cores: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of threads that each use one core; torch's number of threads is restored at the end."""
    keep_freed_memory()
    interval = sys.getswitchinterval()
    # a thread that builds graphs holds the interpreter; with the default, others wait 5 ms after every operation
    sys.setswitchinterval(5e-5)
    pool = ThreadPoolExecutor(cores, "predict", initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        sys.setswitchinterval(interval)
        torch.set_num_threads(cores)  # part of this setting is shared by all threads


def keep_freed_memory() -> None:
    """Make glibc keep freed memory; returning it to the system and getting it back took a tenth of the time.

    It keeps apart what each of its arenas has freed. There is one for every core: else new threads get new ones.
    """
    if sys.platform != "linux":
        return
    trim_threshold, mmap_threshold, arenas = -1, -3, -8  # M_TRIM_THRESHOLD ... M_ARENA_MAX of <malloc.h>
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(trim_threshold, 1 << 29)
        mallopt(mmap_threshold, 1 << 29)
        mallopt(arenas, 1 + torch.get_num_threads())


def _batches(items: Iterable[Crystal | Rejection], batch_atoms: int, times: StageTimes) -> Iterator[Batch]:
    crystals: list[Crystal] = []
    rejected: list[Rejection] = []
    atoms = 0
    started = times.now()
    for item in items:
        if isinstance(item, Rejection):
            rejected.append(item)
            continue
        crystals.append(item)
        atoms += item.n_atoms
        if atoms >= batch_atoms:
            times.add("reading", started)
            yield crystals, rejected
            crystals, rejected, atoms = [], [], 0
            started = times.now()
    times.add("reading", started)
    if crystals or rejected:
        yield crystals, rejected


def _scored(predictor: Predictor, crystals: list[Crystal], rejected: list[Rejection]) -> Scored:
    table = predictor.predict(crystals)
    columns = [f"{target}{suffix}" for target in predictor.config.targets for suffix in ("", "_lo", "_hi")]
    finite = table.select(pl.all_horizontal(pl.col(columns).is_finite())).to_series()
    if finite.all():
        return crystals, table, rejected
    failed = [c for c, sound in zip(crystals, finite, strict=True) if not sound]
    reason = "the network gave numbers that are not finite"
    rejected += [Rejection(c.candidate_id, c.source, "predict", reason) for c in failed]
    return [c for c, sound in zip(crystals, finite, strict=True) if sound], table.filter(finite), rejected
