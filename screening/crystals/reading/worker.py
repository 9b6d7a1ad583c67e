"""The main program of a worker process (see `screening.crystals.reading.workers`)."""

from __future__ import annotations

import os
import pickle
import signal
import warnings
from pathlib import Path

from screening.crystals.reading.examine import examine
from screening.signals import STOP_SIGNALS, when_closed

_MAX_MEMORY_BYTES = 8 << 30


def main() -> None:
    """Examine chunks of parts from standard input until it closes."""
    for number in STOP_SIGNALS:
        # Slurm and terminals signal all processes of a job to stop, but the reader still wants the outcomes of files
        # that are being read: if a worker stopped, they would count as broken. The reader stops its workers itself.
        signal.signal(number, signal.SIG_IGN)
    tasks = os.fdopen(os.dup(0), "rb")
    results = os.fdopen(os.dup(1), "wb")
    when_closed(tasks.fileno(), lambda: os._exit(0))  # also while a file is being parsed
    with Path(os.devnull).open("r+b") as nothing:
        for descriptor in (0, 1, 2):  # output of parsers must not mix with the results or reach the terminal
            if descriptor == 2:
                results.write(b"ready\n")
                results.flush()
            os.dup2(nothing.fileno(), descriptor)
    warnings.simplefilter("ignore")
    _limit_memory()
    try:
        settings = pickle.load(tasks)  # noqa: S301 (written by the process that started this one)
        while True:
            parts = pickle.load(tasks)  # noqa: S301
            outcomes = [examine(part, settings) for part in parts]
            pickle.dump(outcomes, results)
            results.flush()
    except (EOFError, BrokenPipeError):
        return  # the reader has closed the pipe: no more work


def _limit_memory() -> None:
    """Limit memory, so that a file that expands without end causes a MemoryError instead of exhausting the machine."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = _MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(_MAX_MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
