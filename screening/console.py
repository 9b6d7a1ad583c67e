"""Terminal output of the commands; the library itself uses logging."""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import TextIO

# Controls of terminals, and marks that turn the direction of writing: text of files and stores could pretend with them.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def say(text: str = "") -> None:
    """Write a line to standard output. A closed pipe (`| head`) never stops the job."""
    _write(sys.stdout, text)


def print_error(text: str) -> None:
    """Write a line to standard error."""
    _write(sys.stderr, text)


def configure(*, debug: bool = False) -> None:
    """Send logs to standard error, and escape text that the terminal cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    handler = logging.StreamHandler()
    handler.setFormatter(_Harmless("%(levelname)s %(name)s: %(message)s" if debug else "%(message)s"))
    logger = logging.getLogger("screening")
    logger.handlers = [handler]
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
    logger.propagate = False


def flush() -> None:
    """Flush both streams, so that a closed pipe is noticed here and not when the interpreter exits."""
    for stream in (sys.stdout, sys.stderr):
        _guarded(stream, "")


def harmless(text: str) -> str:
    """The text with U+FFFD for whatever would command the terminal; lines and tabs stay."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


class _Harmless(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return harmless(super().format(record))


def _write(stream: TextIO, text: str) -> None:
    _guarded(stream, f"{harmless(text)}\n")


def _guarded(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        # With the null device in its place, later writes and the interpreter's own flush succeed.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
