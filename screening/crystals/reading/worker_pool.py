"""Several worker processes that parse parts of inputs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, LifoQueue

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.bounds import is_small
from screening.crystals.reading.examine import examine, examine_each
from screening.crystals.reading.parts import Outcome, Part
from screening.crystals.reading.workers import Worker, WorkerFailureError

_LOG = logging.getLogger(__name__)


class WorkerPool:
    """A fixed number of workers, each with its own thread; a worker that fails is replaced."""

    def __init__(self, workers: int, settings: ReadSettings) -> None:
        self._settings = settings
        self._count = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="crystal-reader")
        self._idle: LifoQueue[Worker] = LifoQueue()
        self._busy: set[Worker] = set()
        self._closed = False

    def submit(self, parts: Sequence[Part]) -> Future[list[Outcome]]:
        """Examine parts; one at which a worker fails is refused, the others are examined all the same."""
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
        outcomes: list[Outcome] = []
        tried_again = -1
        while len(outcomes) < len(parts) and not self._closed:
            try:
                worker = self._take()
            except (OSError, WorkerFailureError) as error:
                outcomes += [self._without_worker(part, error) for part in parts[len(outcomes) :]]
                break
            try:
                self._examine_with(worker, parts[len(outcomes) :], outcomes)
            except WorkerFailureError as error:
                if error.crashed and tried_again != len(outcomes):
                    tried_again = len(outcomes)  # the system may have killed it for another process's memory
                else:
                    outcomes.append(_refused(str(error)))
        return outcomes

    def _take(self) -> Worker:
        try:
            return self._idle.get_nowait()
        except Empty:
            with suppress(WorkerFailureError):  # what ended the first need not end the second
                return Worker(self._count)
            return Worker(self._count)

    def _examine_with(self, worker: Worker, parts: Sequence[Part], outcomes: list[Outcome]) -> None:
        """Add the outcomes of parts, those before a failure too. Raises WorkerFailureError."""
        self._busy.add(worker)
        try:
            if self._closed:
                worker.stop()
            for outcome in worker.stream(examine_each, (parts, self._settings), self._settings.timeout_s):
                outcomes.append(outcome)
            self._idle.put(worker)
        except BaseException:
            worker.stop()
            raise
        finally:
            self._busy.discard(worker)

    def _without_worker(self, part: Part, error: Exception) -> Outcome:
        if not self._closed:
            _LOG.warning("no reader process could be started (%s): small inputs are read in this one", error)
        if is_small(part):
            return examine(part, self._settings)
        return _refused(f"its size needs a reader process of its own, and none could be started ({error})")


def _refused(reason: str) -> Outcome:
    return Outcome(stage="read", reason=f"unreadable: {reason}")
