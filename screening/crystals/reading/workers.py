"""Worker processes that parse files, so that a parser that crashes or hangs affects one file and not the run.

Workers are started as commands, not by `multiprocessing`, which would import the caller's main module again (a script
without a main guard, a notebook) or fork a process with torch's threads.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import Empty, LifoQueue
from typing import IO, cast

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.examine import examine
from screening.crystals.reading.parts import Outcome, Part

_LOG = logging.getLogger(__name__)
_COMMAND = "from screening.crystals.reading.worker import main; main()"
_READY = b"ready\n"


class WorkerFailureError(Exception):
    """A worker died or was stopped for taking too long."""


class Worker:
    """A process that examines parts; it exchanges pickles with this one over private pipes."""

    def __init__(self, settings: ReadSettings) -> None:
        package = str(Path(__file__).resolve().parents[3])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
        )
        self._input = cast(IO[bytes], self._process.stdin)
        self._output = cast(IO[bytes], self._process.stdout)
        self._errors = cast(IO[bytes], self._process.stderr)
        if self._output.readline() != _READY:
            text = self._errors.read().decode(errors="replace").strip()
            self.stop()
            raise WorkerFailureError(f"a worker process did not start: {text[-500:]}")
        pickle.dump(settings, self._input)

    def examine(self, parts: Sequence[Part], timeout_s: float) -> list[Outcome]:
        """Outcomes of parts.

        Raises:
            WorkerFailureError: The worker crashed or took too long; it cannot be used again.
        """
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(timeout_s, stop)
        timer.daemon = True
        timer.start()
        try:
            pickle.dump(list(parts), self._input)
            self._input.flush()
            outcomes: list[Outcome] = pickle.load(self._output)  # noqa: S301 (written by our own worker)
            return outcomes
        except (OSError, EOFError, pickle.UnpicklingError):
            self.stop()
            if late.is_set():
                raise WorkerFailureError(f"its reader took longer than {timeout_s:g} s") from None
            raise WorkerFailureError(f"its reader crashed (exit status {self._process.returncode})") from None
        finally:
            timer.cancel()

    def stop(self) -> None:
        """End the process and close the pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._input, self._output, self._errors):
            with suppress(BrokenPipeError):  # nobody reads what was not yet written
                pipe.close()


class WorkerPool:
    """A fixed number of workers, each with its own thread; a worker that fails is replaced."""

    def __init__(self, workers: int, settings: ReadSettings) -> None:
        self._settings = settings
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="crystal-reader")
        self._idle: LifoQueue[Worker] = LifoQueue()
        self._busy: set[Worker] = set()
        self._closed = False

    def submit(self, parts: Sequence[Part]) -> Future[list[Outcome]]:
        """Examine parts; if a worker fails, they are tried one by one."""
        return self._threads.submit(self._examine, parts)

    def close(self) -> None:
        """Stop all workers at once; unfinished parts are abandoned."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in list(self._busy):
            worker.stop()
        self._threads.shutdown(wait=True)
        while not self._idle.empty():
            self._idle.get_nowait().stop()

    def _examine(self, parts: Sequence[Part]) -> list[Outcome]:
        try:
            return self._examine_once(parts)
        except WorkerFailureError as error:
            if len(parts) == 1 or self._closed:
                return [Outcome(stage="read", reason=f"unreadable: {error}")] * len(parts)
        return [outcome for part in parts for outcome in self._examine([part])]

    def _examine_once(self, parts: Sequence[Part]) -> list[Outcome]:
        try:
            worker = self._idle.get_nowait()
        except Empty:
            try:
                worker = Worker(self._settings)
            except (OSError, WorkerFailureError) as error:
                if not self._closed:
                    _LOG.warning("no worker process could be started, so files are read in this one: %s", error)
                return [examine(part, self._settings) for part in parts]
        self._busy.add(worker)
        if self._closed:
            worker.stop()
        try:
            outcomes = worker.examine(parts, self._settings.timeout_s)
        finally:
            self._busy.discard(worker)
        self._idle.put(worker)
        return outcomes
