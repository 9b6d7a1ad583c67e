"""Folders, however deep they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def files_under(folder: Path, passed_over: frozenset[Path] = frozenset()) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything in a folder that is not a folder itself, with its path within, which has forward slashes.

    Hidden folders are left out, links to folders are not followed, and folders that cannot be read count as empty.
    `os.walk` of Python 3.11 fails where folders are nested a thousand times.

    Args:
        folder: Where to look.
        passed_over: Files and folders to leave out, as absolute paths without links.
    """
    root = folder.resolve()
    ahead = [""]
    while ahead:
        inside = ahead.pop()
        try:
            with os.scandir(folder / inside) as scan:
                entries = list(scan)
        except OSError:
            continue
        for entry in entries:
            name = f"{inside}/{entry.name}" if inside else entry.name
            if passed_over and root / name in passed_over:
                continue
            if not entry.is_dir(follow_symlinks=False):
                yield name, entry
            elif not entry.name.startswith("."):
                ahead.append(name)
