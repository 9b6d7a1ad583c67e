"""Everything the commands show in a terminal goes through here; the library itself uses logging."""

from __future__ import annotations

import logging
import os
import sys
from typing import TextIO


def say(text: str = "") -> None:
    """Write a line to standard output. A reader that went away (`| head`) silences it and never stops the job."""
    _write(sys.stdout, text)


def say_error(text: str) -> None:
    """Write a line to standard error, as `say` does to standard output."""
    _write(sys.stderr, text)


def configure(*, debug: bool = False) -> None:
    """Prepare the terminal: logs to standard error, and text that it cannot show is escaped instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s" if debug else "%(message)s"))
    logger = logging.getLogger("screening")
    logger.handlers = [handler]
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
    logger.propagate = False


def flush() -> None:
    """Send out what is still buffered, so that a closed pipe is noticed here and not at interpreter exit."""
    for stream in (sys.stdout, sys.stderr):
        _guarded(stream, "")


def _write(stream: TextIO, text: str) -> None:
    _guarded(stream, f"{text}\n")


def _guarded(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        # The descriptor is pointed at the null device: later writes, and the interpreter's own flush, then succeed.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
