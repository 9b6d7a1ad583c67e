"""The store that training reads: one that is there, or one made from the user's own labelled crystals (`data=FILE`)."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from screening.configuration.train import TrainingDataConfig
from screening.data.importers.registry import kind_of
from screening.data.store import Store, label_columns, open_store
from screening.errors import RequestError
from screening.jobs.import_data import REJECTED, import_labelled, label_counts

_STORE = "data"
_LONGEST_WAIT_S = 3600.0


def data_store(data: TrainingDataConfig, folder: Path, rank: int = 0, report: Callable[[str], object] = len) -> Store:
    """Open data.path, or make a store of data.source in `folder/data`, which the first of several processes does.

    Args:
        data: The section of the settings.
        folder: Output folder of the training.
        rank: Which of the training's processes this is.
        report: Gets lines for the user on what came in.

    Raises:
        RequestError: Neither or both are given, or something is wrong with them; nothing is left behind then.
    """
    if data.path is not None and data.source is not None:
        raise RequestError(f"data.path={data.path} and data={data.source}: expected one of them")
    if data.path is not None:
        return open_store(Path(data.path))
    if data.source is None:
        raise RequestError(
            "missing: data=FILE (your own crystals with labels) or data.path=STORE (written by `screening import`)\n"
            "`screening train --help` explains every key."
        )
    source = Path(data.source)
    if (source / "meta.json").is_file():
        return open_store(source)
    if rank:
        return _wait_for(folder / _STORE)
    existed = folder.exists()
    try:
        return _made(data, source, folder, report)
    except RequestError:
        if not existed:
            with suppress(OSError):
                folder.rmdir()
        raise


def _made(data: TrainingDataConfig, source: Path, folder: Path, report: Callable[[str], object]) -> Store:
    """The store, made again each time; a run that is resumed must find the same content."""
    target, fresh = folder / _STORE, folder / f"{_STORE}.new"
    labels = Path(data.labels) if data.labels else None
    try:
        store, rejected = import_labelled(kind_of(source, labels), source, labels, fresh, frozenset({folder.resolve()}))
        store.labels(data.targets or label_columns(store.index))  # raises if one is missing
        if (target / "meta.json").is_file() and open_store(target).content_hash == store.content_hash:
            return open_store(target)  # with the graphs beside it
        if (folder / "checkpoints").exists():
            raise RequestError(
                f"data={source}: not what the run in {folder} learns from; choose another output_dir to start again"
            )
        if target.exists():
            shutil.rmtree(target)
        fresh.replace(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    store = open_store(target)
    report(f"{len(store)} labelled crystals in {store.path} ({label_counts(store)})")
    if rejected:
        report(f"{len(rejected)} left out, the first because: {rejected[0].reason}; all in {store.path / REJECTED}")
    return store


def _wait_for(path: Path) -> Store:
    """The store once the first process has made it."""
    end = time.monotonic() + _LONGEST_WAIT_S
    while not (path / "meta.json").is_file():
        if time.monotonic() > end:
            raise RequestError(f"{path} did not appear: the first process has not made it")
        time.sleep(0.5)
    return open_store(path)
