"""Signals that ask a training run to stop: they are noted at once and heeded where the run can stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from screening.errors import Interrupted

HEEDED = (signal.SIGTERM, signal.SIGUSR1)


class Signals:
    """The signals that came while they were caught; a later one changes nothing but is noted too.

    A handler does no more than that: what a signal finds half done, such as a checkpoint being written, is finished.
    """

    def __init__(self) -> None:
        self.received: set[signal.Signals] = set()

    @contextmanager
    def caught(self) -> Iterator[Signals]:
        """Note signals instead of dying of them; outside the main thread, where Python cannot, nothing changes."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.signal(number, self._note) for number in HEEDED}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def heed(self, done: str) -> None:
        """Raise Interrupted if a signal came; done: what is safe by now."""
        if self.received:
            raise Interrupted(f"stopped by {self}; {done}")

    def __str__(self) -> str:
        return " and ".join(sorted(number.name for number in self.received))

    def _note(self, number: int, _: FrameType | None) -> None:
        self.received.add(signal.Signals(number))
