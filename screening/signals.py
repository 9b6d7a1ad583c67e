"""Signals that ask a job to stop: recorded at once, acted on where the job can stop safely."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from screening.errors import Interrupted

STOP_SIGNALS = (signal.SIGTERM, signal.SIGUSR1)


class Signals:
    """Records the signals that arrive while they are caught.

    The handler does nothing else, so that work in progress, such as writing a checkpoint, is finished.
    """

    def __init__(self) -> None:
        self.received: set[signal.Signals] = set()

    @contextmanager
    def caught(self) -> Iterator[Signals]:
        """Record signals instead of being killed by them. Does nothing outside the main thread, as Python requires."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.signal(number, self._note) for number in STOP_SIGNALS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def raise_if_received(self, done: str) -> None:
        """Stop the job if a signal has arrived.

        Args:
            done: What is safe by now, for the message.

        Raises:
            Interrupted: If a signal has arrived.
        """
        if self.received:
            raise Interrupted(f"stopped by {self}; {done}")

    def __str__(self) -> str:
        return " and ".join(sorted(number.name for number in self.received))

    def _note(self, number: int, _: FrameType | None) -> None:
        self.received.add(signal.Signals(number))
