"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from screening.errors import RequestError, ScreeningError

PART = ".part"
"""Ending of files and folders that are not complete."""
ABANDONED_S = 86_400.0
"""Nobody writes one file for longer than a day."""

_PART_NAME = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.part", re.DOTALL)
_MENDS = {
    errno.ENOSPC: "free space there, or choose another place",
    errno.EDQUOT: "your quota is used up: free space, or choose another place",
    errno.EFBIG: "the limit on the size of a file is reached (ulimit -f): raise it, or choose another place",
    errno.EIO: "the device does not answer as it should: check the disk or the network, or choose another place",
    errno.ESTALE: "the network folder is gone: mount it again, or choose another place",
    errno.EROFS: "choose a place that can be written to",
    errno.EACCES: "set its permissions, or choose a place that can be written to",
    errno.EPERM: "set its permissions, or choose a place that can be written to",
    errno.ENAMETOOLONG: "choose a shorter name",
    **dict.fromkeys(
        (errno.EEXIST, errno.ENOTDIR, errno.EISDIR), "move away what has this name, or choose another place"
    ),
}
# Libraries written in Rust or C++ raise errors of their own, which hold the system's words or number as text.
_IN_WORDS = {os.strerror(code): code for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)}
_NUMPY_WROTE_LESS = "requested and"


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


def hidden_name(name: str, ending: str) -> str:
    """The name of a helping file beside a file: hidden, so that nobody reads it as data, and not too long."""
    return f".{os.fsencode(name)[:200].decode(errors='ignore')}{ending}"


def part_path(path: Path) -> Path:
    """A temporary sibling that is renamed when complete; each call gives another, for each of several writers."""
    return path.with_name(hidden_name(path.name, f".{uuid4().hex[:8]}{PART}"))


def remove_leftovers(folder: Path, of: str | None = None, *, older_than_s: float = -1.0) -> None:
    """Remove the temporary files and folders that killed processes left; only for who may write there alone.

    Args:
        folder: Where to look, not in its folders.
        of: Only those of the file with this name.
        older_than_s: Only those that nobody has written to for so long: where several may write, such as in a cache.
    """
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        left = [entry for entry in entries if (match := _PART_NAME.fullmatch(entry.name)) and _is_of(match["name"], of)]
    for entry in left:
        if time.time() - entry.stat(follow_symlinks=False).st_mtime <= older_than_s:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            Path(entry.path).unlink(missing_ok=True)


@contextmanager
def named_write_errors(path: Path, part: Path | None = None) -> Iterator[None]:
    """Turn a full disk, missing permissions and the like into an error that names the file and says what to do.

    Args:
        path: The file or folder.
        part: Its temporary sibling, where what is written goes first. Errors of other files stay as they are.

    Raises:
        ScreeningError: In place of such an error of the system, or of a library that met one.
    """
    try:
        yield
    except (ScreeningError, KeyboardInterrupt):
        raise
    except Exception as error:
        code = error.errno if isinstance(error, OSError) else None
        code = code or next((known for words, known in _IN_WORDS.items() if words in str(error)), None)
        reason = os.strerror(code) if code else "not all of it was"
        if code is None and isinstance(error, OSError) and _NUMPY_WROTE_LESS in str(error):
            code = errno.ENOSPC
        named = getattr(error, "filename", None)
        if code not in _MENDS or not (named is None or _is_about(str(named), path, part)):
            raise
        raise ScreeningError(f"{path}: cannot be written ({reason}); {_MENDS[code]}") from error


@contextmanager
def atomic_path(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Give a temporary sibling to write to; it takes the final name only if the block ends without an exception.

    A killed process leaves at most a hidden `.part` file behind, and whatever had the final name before stays as it
    was. Of several writers at a time each has its own sibling, and the last one wins.

    Args:
        path: The final name; its folder is made if it is not there.
        durable: The content is on the disk, not in a cache, before the file gets its name.

    Raises:
        ScreeningError: It cannot be written; the message names it and says what to do.
    """
    part = part_path(path)
    with named_write_errors(path, part):
        path.parent.mkdir(parents=True, exist_ok=True)
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

    Raises:
        ScreeningError: It cannot be written; the message names it and says what to do.
    """
    part = part_path(path)
    with named_write_errors(path, part):
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


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a file is in a folder itself, not merely a link there to somewhere else."""
    return path.resolve().is_relative_to(folder.resolve())


def link_outside(folder: Path) -> Path | None:
    """A file or folder inside that is a link to somewhere else, which must not be copied along; None if there is none.

    Whoever can write into a folder could otherwise have others publish any file that these may read.
    """
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if not is_inside(Path(parent, name), folder):
                return Path(parent, name)
    return None


def _is_about(name: str, path: Path, part: Path | None) -> bool:
    return name in (str(path), str(path.parent)) or (part is not None and name.startswith(str(part)))


def _is_of(name: str, of: str | None) -> bool:
    return of is None or name == hidden_name(of, "").removeprefix(".")
