"""Signals that ask a job to stop: they are noted at once, and the job stops where it can go on later."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from screening.errors import Interrupted

STOP_SIGNALS = (signal.SIGTERM, signal.SIGUSR1)


class Signals:
    """The signals that came while they were caught.

    The handler only notes them, so what is half done, such as a checkpoint being written, is finished first.
    """

    def __init__(self) -> None:
        self.received: set[signal.Signals] = set()

    @contextmanager
    def caught(self) -> Iterator[Signals]:
        """Note signals instead of dying of them; does nothing outside the main thread, where Python cannot."""
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
        """Raise Interrupted if a signal came; done: what is safe by now, for the message."""
        if self.received:
            raise Interrupted(f"stopped by {self}; {done}")

    def __str__(self) -> str:
        return " and ".join(sorted(number.name for number in self.received))

    def _note(self, number: int, _: FrameType | None) -> None:
        self.received.add(signal.Signals(number))
