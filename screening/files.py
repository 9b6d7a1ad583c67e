"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from screening.errors import RequestError

PART = ".part"
"""Ending of files and folders that are not complete."""


def output_folder(path: Path, key: str) -> Path:
    """The folder that results go to, made if it is not there.

    Args:
        path: The folder.
        key: The setting that named it.

    Raises:
        RequestError: If it is a file or cannot be written to, before any work.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"{key}={path}: not a folder that can be made ({error.strerror})") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise RequestError(f"{key}={path}: the folder cannot be written to")
    return path


def part_path(path: Path, *, unique: bool = False) -> Path:
    """The temporary sibling that is renamed when complete; unique: one of its own for each of several writers."""
    return path.with_name(f"{path.name}.{uuid4().hex[:8]}{PART}" if unique else path.name + PART)


@contextmanager
def atomic_path(path: Path, *, unique: bool = False, durable: bool = False) -> Iterator[Path]:
    """Give a temporary sibling to write to; it takes the final name only if the block ends without an exception.

    A killed process leaves at most the `.part` file behind, and whatever had the final name before stays as it was.

    Args:
        path: The final name; its folder is made if it is not there.
        unique: Several processes may write the file at the same time: each writes its own sibling, the last one wins.
        durable: The content is on the disk, not in a cache, before the file gets its name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_path(path, unique=unique)
    try:
        yield part
        if durable:
            to_disk(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    if durable:
        to_disk(path.parent)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give an empty sibling folder to fill; it replaces `path` only if the block ends without an exception.

    What a killed process left of an earlier attempt is removed first.
    """
    part = part_path(path)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        if path.exists():
            shutil.rmtree(path)
        part.replace(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_text_atomic(path: Path, text: str) -> None:
    """Write UTF-8 text under the final name at once."""
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8")


def to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk: a new file's name is there once its folder is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
