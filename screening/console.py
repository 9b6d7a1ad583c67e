"""Terminal output of the commands; the library itself uses logging. Passwords in addresses are masked."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from screening.masking import masked

# Controls of terminals, and marks that turn the direction of writing: text of files and stores could pretend with them.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def say(text: str = "") -> None:
    """Write a line to standard output. A closed pipe (`| head`) or terminal never stops the job."""
    _write(sys.stdout, text)


def print_error(text: str) -> None:
    """Write a line to standard error."""
    _write(sys.stderr, text)


def on_terminal() -> bool:
    """Whether somebody watches standard error, so that progress is worth drawing."""
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # closed, or never there
        return False


def configure(*, debug: bool = False) -> None:
    """Send logs to standard error, escape text that the terminal cannot show, and stand in for closed streams.

    What libraries do is settled too: pictures need no display, warnings end no job, caches have a place.
    """
    _open_the_closed()
    _give_a_home()
    os.environ["MPLBACKEND"] = "agg"  # a notebook hands its own to every process that it starts
    if any(option.startswith("error") for option in sys.warnoptions):
        warnings.simplefilter("default")
        for unseen in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", unseen)  # as without any option
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
    """The text without passwords, and with U+FFFD for whatever would command the terminal; lines and tabs stay."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", masked(text))


class _Harmless(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return harmless(super().format(record))


def home_in_place() -> Path:
    """The folder that stands in for the home of a user who has none."""
    return Path(tempfile.gettempdir()) / f"screening-home-{os.getuid()}"


def _give_a_home() -> None:
    """Libraries look for their caches in the home of a user who may have none, as in a container."""
    try:
        Path.home()
    except RuntimeError:
        with suppress(OSError):
            home = home_in_place()
            home.mkdir(mode=0o700, exist_ok=True)
            if home.stat().st_uid == os.getuid():
                os.environ["HOME"] = str(home)


def _open_the_closed() -> None:
    """The null device in the place of streams that were closed (`>&-`): otherwise the next file gets their number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for as long as it runs


def _write(stream: TextIO | None, text: str) -> None:
    _guarded(stream, f"{harmless(text)}\n")


def _guarded(stream: TextIO | None, text: str) -> None:
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):  # nobody reads it, the terminal is gone, or the stream is closed
        with suppress(OSError, ValueError):
            # With the null device in its place, later writes and the interpreter's own flush succeed.
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
