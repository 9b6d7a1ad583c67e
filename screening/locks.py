"""One writer for each output: a lock file that names its holder, taken before any work and gone at the end.

The lock is a file that only one process can create, which holds on network folders as well. A lock of a process that
died is taken over: on the same machine if there is no such process any more, elsewhere if the holder gives no sign of
life for two minutes, and at once by the same job of Slurm when it runs again.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from screening.errors import RequestError
from screening.files import hidden_name, named_write_errors, output_folder, remove_leftovers
from screening.holders import Holder

_LOG = logging.getLogger(__name__)
FOLDER_LOCK, _SCRATCH = ".screening.lock", "screening-scratch-"
BEAT_S, DEAD_S = 15.0, 120.0
"""A holder touches its lock so often; on another machine it counts as dead when its lock is older than the second."""
_HALF_WRITTEN_S, _PAUSE_S, _LOOK_S = 2.0, 0.05, 1.0
# The locks that this thread holds: a job that calls another one on the same folder does not wait for itself.
_HELD: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())


@contextmanager
def folder_lock(folder: Path, key: str, *, parts: str = "", joins: bool = False) -> Iterator[Path]:
    """Be the only job that writes into a folder, which is made if it is not there and removed if it stays empty.

    Args:
        folder: The folder.
        key: The setting that named it.
        parts: Pattern of folders inside that other jobs may write at the same time; refused if one does.
        joins: Jobs that write such parts may begin meanwhile.

    Raises:
        RequestError: Another job writes there, which the message names, or the folder cannot be written to.
    """
    with _locked(folder, folder / FOLDER_LOCK, key, folder, joins):
        for lock in folder.glob(f"{parts}/{FOLDER_LOCK}") if parts else ():
            _refuse_if_held(lock, key, lock.parent)
        remove_leftovers(folder)
        yield folder


@contextmanager
def part_lock(folder: Path, part: Path, key: str) -> Iterator[Path]:
    """Be the only job that writes one part of a folder, while others write other parts.

    Args:
        folder: The folder. A job that writes all of it is refused, but for the one that started this process.
        part: The folder of the part.
        key: The setting that named the folder.

    Raises:
        RequestError: As in `folder_lock`.
    """
    with _locked(part, part / FOLDER_LOCK, key, part, joins=False):
        _refuse_if_held(folder / FOLDER_LOCK, key, folder, but_for=os.getppid())
        remove_leftovers(part)
        yield part


@contextmanager
def file_lock(path: Path, key: str, *others: str) -> Iterator[Path]:
    """Be the only job that writes a file, or a folder that appears at once.

    Args:
        path: Its final name.
        key: The setting that named it.
        others: Names of files that are written beside it.

    Raises:
        RequestError: As in `folder_lock`.
    """
    with _locked(path.parent, path.with_name(hidden_name(path.name, ".lock")), key, path, joins=False):
        for name in (path.name, *others):
            remove_leftovers(path.parent, name)
        yield path


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder for temporary files, and remove those that killed processes left in the system's place for such."""
    for left in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*"):
        with suppress(OSError, RequestError):
            found = _read(left / FOLDER_LOCK)
            if found is not None and found[0].is_dead(found[1], DEAD_S):
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH) as name, folder_lock(Path(name), "TMPDIR") as folder:
        yield folder


@contextmanager
def _locked(folder: Path, lock: Path, key: str, target: Path, joins: bool) -> Iterator[None]:
    lock = folder.absolute() / lock.name
    held = _HELD.get()
    if lock in held:
        yield
        return
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    with ExitStack() as undone:
        undone.callback(_remove_empty, missing)
        output_folder(folder, key)
        holder = Holder.this_process(joins)
        _acquire(lock, holder, key, target)
        undone.callback(_release, lock, holder)
        undone.callback(_HELD.reset, _HELD.set(held | {lock}))
        stop = threading.Event()
        beat = threading.Thread(target=_beat, args=(lock, holder, stop), name="lock", daemon=True)
        beat.start()
        undone.callback(beat.join, 1.0)
        undone.callback(stop.set)
        yield


def _acquire(lock: Path, holder: Holder, key: str, target: Path) -> None:
    while True:
        try:
            descriptor = _created(lock)
        except FileExistsError:
            dead = _refuse_if_held(lock, key, target)
            if dead is not None:
                _take_over(lock, dead)
        except FileNotFoundError:  # another job was refused and has removed the folder that it had made
            output_folder(lock.parent, key)
        else:
            try:
                with named_write_errors(lock), os.fdopen(descriptor, "wb") as stream:
                    stream.write(holder.to_bytes())
            except BaseException:
                lock.unlink(missing_ok=True)
                raise
            return


def _created(path: Path) -> int:
    """A new file, opened. Raises FileExistsError if there is one, FileNotFoundError without the folder."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:
        with named_write_errors(path):
            raise


def _refuse_if_held(lock: Path, key: str, target: Path, but_for: int = 0) -> Holder | None:
    """Raise RequestError if a living job has the lock; else give the dead holder, None if there is no lock.

    but_for: the process that may hold it; nor does one count that lets parts be written.
    """
    found = _read(lock)
    if found is None:
        return None
    holder, age_s = found
    shares = but_for and (holder.joins or holder.is_process(but_for))
    if shares or holder.is_dead(age_s, DEAD_S):
        return holder
    if not holder.is_here and _falls_silent(lock, holder):
        return _refuse_if_held(lock, key, target, but_for)
    raise RequestError(
        f"{key}={target}: another job is writing there: {holder}; let it end or stop it, or choose another {key}"
    )


def _falls_silent(lock: Path, holder: Holder) -> bool:
    """Wait for a sign of life of a holder on another machine, mostly some seconds; True once it is gone or dead."""
    _LOG.warning("%s is held by %s; waiting up to %.0f s for its sign of life", lock, holder, DEAD_S)
    age_before_s = 0.0
    while (found := _read(lock)) is not None and found[0].token == holder.token:
        age_s = found[1]
        if age_s > DEAD_S:
            return True
        if age_s < age_before_s:
            return False
        age_before_s = age_s
        time.sleep(_LOOK_S)
    return True


def _read(lock: Path) -> tuple[Holder, float] | None:
    """The holder, and seconds since its last sign of life; None if there is no lock."""
    end = time.monotonic() + _HALF_WRITTEN_S
    while True:
        try:
            with lock.open("rb") as stream:
                content, about = stream.read(), os.fstat(stream.fileno())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RequestError(f"{lock}: cannot be read ({error.strerror}); remove it if no job is running") from None
        holder = Holder.from_bytes(content, f"{about.st_ino}-{about.st_size}")
        if holder.token_is_written or time.monotonic() > end:
            return holder, _now(lock.parent) - about.st_mtime
        time.sleep(_PAUSE_S)  # it is being written


def _now(folder: Path) -> float:
    """The time on the clock that sets the times of files there, which may be that of a file server."""
    probe = folder / hidden_name("clock", f".{os.getpid()}-{threading.get_ident()}")
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def _take_over(lock: Path, dead: Holder) -> None:
    """Remove the lock of a dead holder: of several that try, only one may, and nobody removes that of a successor."""
    claim = lock.with_name(f"{lock.name}.{dead.token}")
    try:
        os.close(_created(claim))
    except FileExistsError:
        with suppress(FileNotFoundError):
            if _now(lock.parent) - claim.stat().st_mtime > DEAD_S:  # of a process killed within these milliseconds
                claim.unlink()
        time.sleep(_PAUSE_S)
        return
    except FileNotFoundError:
        return
    try:
        found = _read(lock)
        if found is not None and found[0].token == dead.token:
            level = logging.DEBUG if dead.is_here else logging.WARNING  # a process that is gone is beyond doubt
            _LOG.log(level, "%s: taken over from a job that is gone: %s", lock.parent, dead)
            lock.unlink(missing_ok=True)
    finally:
        claim.unlink(missing_ok=True)


def _beat(lock: Path, holder: Holder, stop: threading.Event) -> None:
    """Give a sign of life every few seconds, while the lock is ours."""
    while not stop.wait(BEAT_S):
        with suppress(OSError):
            if not holder.wrote(lock):
                _LOG.warning("%s: the lock is lost; another job may be writing there", lock)
                return
            os.utime(lock)


def _release(lock: Path, holder: Holder) -> None:
    """Remove the lock if it is ours; a forked child that unwinds leaves it to its parent."""
    with suppress(OSError):
        if holder.is_process(os.getpid()) and holder.wrote(lock):
            lock.unlink()


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders that were made and stayed empty, innermost first."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()
