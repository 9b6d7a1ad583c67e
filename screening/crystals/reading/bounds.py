"""How much an input may cost: what is small enough to be read here, and streams that end when they expand too far."""

from __future__ import annotations

import io
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from screening.crystals.reading.parts import Part
from screening.crystals.sites import Sites

SMALL_PART_BYTES = 16 << 10
"""A crystal with a longer text is parsed in a worker process, which can be stopped."""
SMALL_FILE_BYTES = 64 << 10
"""A file that unpacks to more than this is split in a worker process."""

MAX_GAP_BYTES = 64 << 20
"""Most that a compressed file may unpack to without a crystal in it."""
FREE_BYTES = 64 << 20
MAX_RATIO = 200
"""A file may unpack to `FREE_BYTES`, and beyond that to this many times its size (texts of crystals: 3 to 30)."""

_BUFFER_BYTES = 128 << 10
_STATED_SIZE = re.compile(rb"(?<![\d.])\d[\d_]{5,}(?![\d.])")
_BYTES_PER_ATOM = 64


class TooMuchError(OSError):
    """A file unpacks to too much, or takes too long."""


class Budget:
    """What one file, or one archive with all its members, may still unpack to.

    Args:
        size: Bytes on disk.
        timeout_s: Longest processor time without a crystal.
    """

    def __init__(self, size: int, timeout_s: float) -> None:
        self._left = FREE_BYTES + MAX_RATIO * size
        self._timeout_s = timeout_s
        self._gap = 0
        self._started = time.thread_time()

    def restart(self) -> None:
        """A crystal was found, and whoever asked for it wants the next one."""
        self._gap = 0
        self._started = time.thread_time()

    def spend(self, unpacked: int) -> None:
        """Account for bytes that were unpacked from a compressed file; 0 for plain ones.

        Raises:
            TooMuchError: It was too much, or took too long.
        """
        self._gap += unpacked
        self._left -= unpacked
        if self._gap > MAX_GAP_BYTES:
            raise TooMuchError(f"it unpacks to more than {MAX_GAP_BYTES >> 20} MiB without a crystal")
        if self._left < 0:
            raise TooMuchError(f"it unpacks to more than {MAX_RATIO} times its size")
        if time.thread_time() - self._started > self._timeout_s:
            raise TooMuchError(f"reading on took longer than {self._timeout_s:g} s")


class CountedStream(io.RawIOBase):
    """A stream with the same content that raises `TooMuchError` once the budget is spent; `lines` for reading by lines.

    Args:
        stream: What is read.
        budget: What is left.
        compressed: Whether the content takes more bytes than on disk.
        whole: Whether what is read need not hold a crystal, so that only the budget for the whole file counts.
    """

    def __init__(self, stream: IO[bytes], budget: Budget, *, compressed: bool, whole: bool = False) -> None:
        super().__init__()
        # One step of unpacking at a time: what comes before a damaged place is not lost.
        self._read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        self._budget = budget
        self._compressed = compressed
        self._whole = whole

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._read(len(buffer))
        if self._whole:
            self._budget.restart()
        self._budget.spend(len(data) if self._compressed else 0)
        buffer[: len(data)] = data
        return len(data)

    def lines(self) -> IO[bytes]:
        """The same with a buffer. After a damaged place nothing of the buffer is given, so no line is cut short."""
        return cast(IO[bytes], io.BufferedReader(self, _BUFFER_BYTES))


def open_regular(path: Path) -> IO[bytes]:
    """Open a file for reading; never waits for the other end of a pipe that took the file's place.

    Raises:
        OSError: It cannot be opened, or is not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return os.fdopen(descriptor, "rb")


def is_small(part: Part) -> bool:
    """Whether the cost of parsing a part is bounded by its size, and the size is small.

    A text with a whole number of six digits may ask a parser to make room for as many atoms; digits of other scripts
    count as well.
    """
    if part.charged is not None and not is_small(part.charged):
        return False
    if not isinstance(part.data, bytes):
        return True  # objects of the caller, and JSON of a small file
    if len(part.data) > SMALL_PART_BYTES:
        return False
    return part.kind == "row" or (part.data.isascii() and _STATED_SIZE.search(part.data) is None)


def size_of(part: Part) -> int:
    """About how many bytes a part holds, its charged crystal included."""
    size = 0 if part.charged is None else size_of(part.charged)
    if isinstance(part.data, Sites):
        return size + _BYTES_PER_ATOM * len(part.data.numbers)
    return size + (len(part.data) if isinstance(part.data, bytes) else SMALL_PART_BYTES)
