"""The hash of what a job reads: taken before it reads, and confirmed afterwards."""

from __future__ import annotations

import logging
from pathlib import Path

from screening.folders import files_under
from screening.tracking.provenance import sha256

_LOG = logging.getLogger(__name__)
_State = frozenset[tuple[str, int, int, int, int]]


class SourceHash:
    """The hash of a file or folder from now on.

    Args:
        path: What will be read.
        passed_over: Files and folders in it that will not be, as absolute paths without links.

    Raises:
        RequestError: It does not exist.
    """

    def __init__(self, path: Path, passed_over: frozenset[Path] = frozenset()) -> None:
        self._path = path
        self._passed_over = passed_over
        self._state = _state(path, passed_over)
        self._before = sha256(path, passed_over)

    def record(self) -> dict[str, str]:
        """SHA-256 by what was hashed: `candidates`; if they were changed meanwhile, those before and after instead."""
        if _state(self._path, self._passed_over) == self._state:
            return {"candidates": self._before}
        after = sha256(self._path, self._passed_over) if self._path.exists() else "no longer there"
        if after == self._before:
            return {"candidates": self._before}
        _LOG.warning("%s was changed while it was read: its results may be of either content", self._path)
        return {"candidates_before_reading": self._before, "candidates_after_reading": after}


def _state(path: Path, passed_over: frozenset[Path]) -> _State:
    """Names, places on disk, sizes and times of files, which tell at little cost whether any was changed."""
    if path.is_dir():
        return frozenset(_of_file(entry.path, name) for name, entry in files_under(path, passed_over))
    return frozenset([_of_file(str(path), "")])


def _of_file(path: str, name: str) -> tuple[str, int, int, int, int]:
    try:
        found = Path(path).stat()
    except OSError:
        return name, 0, 0, 0, 0
    return name, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
