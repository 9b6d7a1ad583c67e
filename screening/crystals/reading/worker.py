"""The main program of a worker process (see `screening.crystals.reading.workers`).

It imports nothing of ours before its limits stand: what a task needs comes with the task.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import warnings
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from time import process_time

IGNORED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")
"""Signals by which a job is told to stop."""


def main() -> None:
    """Answer tasks until whoever sends them is gone. The argument is the limit of memory in bytes.

    A task is a pickled function, its arguments and a time limit in seconds; each item that the function gives is sent
    as `("item", item)`, then `("end", None)`, or `("memory", None)` where the memory did not suffice.
    """
    for name in IGNORED:
        if hasattr(signal, name):
            # Slurm and Ctrl-C signal all processes of a job, but the reader still wants the outcomes of files that are
            # being read: if a worker stopped, they would count as broken. The reader stops its workers itself.
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [getattr(signal, name) for name in IGNORED])
    tasks, results = Connection(os.dup(0), writable=False), Connection(os.dup(1), readable=False)
    _end_with_the_reader(os.dup(2))
    _limit_memory(int(sys.argv[1]))
    results.send_bytes(pickle.dumps(("ready", None)))
    with Path(os.devnull).open("r+b") as nothing:
        for descriptor in (0, 1, 2):  # output of parsers must not mix with the results or reach the terminal
            os.dup2(nothing.fileno(), descriptor)
    warnings.simplefilter("ignore")
    with suppress(EOFError, BrokenPipeError):  # the reader has closed the pipe: no more work
        while True:
            _answer(tasks, results)


def _answer(tasks: Connection, results: Connection) -> None:
    try:
        function, arguments, timeout_s = pickle.loads(tasks.recv_bytes())  # noqa: S301 (of who started this process)
        _limit_time(timeout_s)
        for item in function(*arguments):
            results.send_bytes(pickle.dumps(("item", item)))
            _limit_time(timeout_s)
    except MemoryError:
        results.send_bytes(pickle.dumps(("memory", None)))
    else:
        results.send_bytes(pickle.dumps(("end", None)))


def _end_with_the_reader(descriptor: int) -> None:
    """End this process at once, whatever it does, when the other end of a pipe is closed: its reader has ended."""
    try:
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())  # SIGIO, which ends a process that does not handle it
        fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC)
    except (ImportError, AttributeError, OSError):
        return  # the limit of processor time ends it later


def _limit_memory(allowed: int) -> None:
    """Limit memory, so that what expands without end causes a MemoryError instead of exhausting the machine."""
    with suppress(ImportError):  # not on Windows
        import resource

        _lower(resource.RLIMIT_AS, allowed)
        _lower(resource.RLIMIT_CORE, 0)


def _limit_time(seconds: float) -> None:
    """Limit the processor time from now on, which does not depend on how busy the machine is."""
    with suppress(ImportError):
        import resource

        _lower(resource.RLIMIT_CPU, int(process_time() + seconds) + 1)


def _lower(limit: int, allowed: int) -> None:
    import resource

    _, hard = resource.getrlimit(limit)
    resource.setrlimit(limit, (allowed if hard == resource.RLIM_INFINITY else min(allowed, hard), hard))
