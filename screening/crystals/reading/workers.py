"""A worker process, so that a parser that crashes, hangs or eats memory costs one input and not the run.

Workers are started as commands, not by `multiprocessing`, which would import the caller's main module again (a script
without a main guard, a notebook) or fork a process with torch's threads.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from screening.crystals.reading.parts import OUT_OF_MEMORY
from screening.crystals.reading.worker import IGNORED

_COMMAND = "from screening.crystals.reading.worker import main; main()"
_START_S = 120.0
_MEMORY_BYTES = 2 << 30
"""Enough for the largest crystals within the limits; the libraries alone take 0.5 GB of address space."""
_LEAST_MEMORY_BYTES = 1 << 30

Item = TypeVar("Item")


class WorkerFailureError(Exception):
    """A worker died, was stopped for taking too long, or ran out of memory.

    Attributes:
        crashed: It died, which need not be the fault of its task: the system may have killed it.
    """

    def __init__(self, reason: str, *, crashed: bool = False) -> None:
        super().__init__(reason)
        self.crashed = crashed


class Worker:
    """A process that runs tasks one after another; it exchanges pickles with this one over private pipes.

    Args:
        share: How many workers there may be at the same time, all together within half of the machine's memory.

    Raises:
        OSError: The process could not be started.
        WorkerFailureError: It ended at once.
    """

    def __init__(self, share: int = 1) -> None:
        package = str(Path(__file__).resolve().parents[3])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        with _signals_held():
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _COMMAND, str(memory_limit(share))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **threads},
            )
        self._tasks = Connection(_taken(self._process.stdin), readable=False)
        self._results = Connection(_taken(self._process.stdout), writable=False)
        self._errors = cast(IO[bytes], self._process.stderr)  # when it closes, the worker ends
        if not self._starts():
            self._process.kill()
            text = self._errors.read().decode(errors="replace").strip()
            self.stop()
            raise WorkerFailureError(f"a reader process did not start: {text[-500:]}", crashed=True)

    def _starts(self) -> bool:
        try:
            return self._results.poll(_START_S) and bool(self._results.recv_bytes())
        except (OSError, EOFError):
            return False

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def stream(
        self, function: Callable[..., Iterable[Item]], arguments: tuple[Any, ...], timeout_s: float, wait: float = 3.0
    ) -> Iterator[Item]:
        """The items that a function gives in the worker.

        Args:
            function: A function of a module.
            arguments: Its arguments.
            timeout_s: Longest processor time for an item.
            wait: How many times longer an item may take by the clock.

        Raises:
            WorkerFailureError: The worker failed; it cannot be used again, unless it ran out of memory.
        """
        try:
            self._tasks.send_bytes(pickle.dumps((function, arguments, timeout_s)))
        except OSError:
            raise self._failure(timeout_s) from None
        while True:
            kind, item = self._receive(timeout_s * wait, timeout_s)
            if kind == "end":
                return
            if kind == "memory":
                raise WorkerFailureError(OUT_OF_MEMORY)
            yield item

    def _receive(self, wait_s: float, timeout_s: float) -> tuple[str, Any]:
        try:
            if not self._results.poll(wait_s):
                self.stop()
                raise WorkerFailureError(_too_long(timeout_s))
            received: tuple[str, Any] = pickle.loads(self._results.recv_bytes())  # noqa: S301 (of our own worker)
            return received
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            raise self._failure(timeout_s) from None

    def _failure(self, timeout_s: float) -> WorkerFailureError:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)  # it ends by itself: the pipe is closed
        status = self._process.poll()
        self.stop()
        if status is not None and -status == getattr(signal, "SIGXCPU", None):
            return WorkerFailureError(_too_long(timeout_s))
        return WorkerFailureError(f"its reader crashed ({_status(status)})", crashed=True)

    def stop(self) -> None:
        """End the process and close the pipes."""
        self._process.kill()
        self._process.wait()
        for connection in (self._tasks, self._results, self._errors):
            with suppress(OSError):
                connection.close()


@contextmanager
def _signals_held() -> Iterator[None]:
    """A process that is started holds back the signals that end a job until it has decided to ignore them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [getattr(signal, name) for name in IGNORED])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def memory_limit(share: int) -> int:
    """Bytes of memory for one of several workers."""
    if not hasattr(os, "sysconf"):
        return _MEMORY_BYTES
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(_LEAST_MEMORY_BYTES, min(_MEMORY_BYTES, machine // (2 * max(1, share))))


def _taken(pipe: IO[bytes] | None) -> int:
    """The descriptor of a pipe, which from now on is the caller's."""
    stream = cast(IO[bytes], pipe)
    descriptor = os.dup(stream.fileno())
    stream.close()
    return descriptor


def _too_long(timeout_s: float) -> str:
    return f"its reader took longer than {timeout_s:g} s"


def _status(status: int | None) -> str:
    if status is None or status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
