"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from screening.errors import RequestError


def output_folder(path: Path, key: str) -> Path:
    """The folder that results go to, made if it is not there.

    key: the setting that named it. Raises RequestError if it is a file or cannot be written to, before any work.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"{key}={path}: not a folder that can be made ({error.strerror})") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise RequestError(f"{key}={path}: the folder cannot be written to")
    return path


def part_path(path: Path) -> Path:
    """The temporary sibling that is renamed when complete."""
    return path.with_name(path.name + ".part")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary sibling to write to; it takes the final name only if the block ends without an exception.

    A killed process leaves at most the `.part` file behind, and whatever had the final name before stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_path(path)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_text_atomic(path: Path, text: str) -> None:
    """Write UTF-8 text under the final name at once."""
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8")
