"""Signals that ask a job to stop: where a command is, or where work in steps can stop safely."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from screening.errors import Interrupted

STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1") if hasattr(signal, name)
)
GRACE_SECONDS = 15.0
"""How long a command may take to stop, in a step that cannot be interrupted say, before its process is ended."""
_AGAIN_SECONDS = 0.5  # `timeout` and Slurm send the same signal to a process and to its group at the same time
_LAST_WORDS_SECONDS = 5.0

Handler = Callable[[int, FrameType | None], object]


class StopSignal(KeyboardInterrupt):
    """Raised in the main thread, wherever it is, by the first signal that asks a command to stop."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(f"stopped by {number.name}")
        self.number = number

    @property
    def exit_status(self) -> int:
        """130 after Ctrl-C, 75 after the others: the same command may be tried again."""
        return exit_status({self.number})


def exit_status(received: Collection[signal.Signals]) -> int:
    """The exit status of a process that these signals stopped."""
    return 130 if set(received) == {signal.SIGINT} else Interrupted.exit_status


class _Stop:
    """What has happened to this process. held: how many blocks hold the exception back."""

    def __init__(self) -> None:
        self.first: signal.Signals | None = None
        self.since = 0.0
        self.held = 0
        self.raised = False
        self.last_words: list[Callable[[], object]] = []


_stop = _Stop()


@contextmanager
def stopping() -> Iterator[None]:
    """Raise StopSignal at the first signal inside the block; a second one, a moment later, ends the process at once.

    A process that has not left the block after GRACE_SECONDS is ended too. Signals that the process was started to
    ignore, as by `nohup`, stay ignored. Does nothing outside the main thread, as Python requires.
    """
    global _stop
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _stop = _Stop()
    left, (reader, writer) = threading.Event(), os.pipe()
    os.set_blocking(writer, False)
    # written by the C part of the handlers: it is noticed even while the main thread computes outside Python
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_end_if_it_stays, args=(reader, left), name="signals", daemon=True).start()
    try:
        with _handled(_raise):
            yield
    finally:
        left.set()
        signal.set_wakeup_fd(before)
        os.close(writer)
        _stop = _Stop()


def was_stopped() -> bool:
    """Whether a signal has asked this command to stop."""
    return _stop.first is not None


@contextmanager
def held_back() -> Iterator[None]:
    """Let a block end before StopSignal is raised: a few calls that must be done together."""
    stop = _stop
    stop.held += 1
    try:
        yield
    finally:
        stop.held -= 1
        in_main = threading.current_thread() is threading.main_thread()
        if stop.first is not None and not stop.raised and not stop.held and in_main:
            stop.raised = True
            raise StopSignal(stop.first)


@contextmanager
def last_words(call: Callable[[], object]) -> Iterator[None]:
    """Call a function if the process is ended, because it did not stop in time, while it is in the block."""
    words = _stop.last_words
    words.append(call)
    try:
        yield
    finally:
        words.remove(call)


def when_closed(descriptor: int, then: Callable[[], object]) -> None:
    """Call a function once the other end of a pipe is closed, as by the end of the process that holds it, however."""
    if not hasattr(select, "poll"):  # not on Windows
        return
    closed = select.poll()
    closed.register(descriptor, 0)  # nothing but the end

    def wait() -> None:
        closed.poll()
        then()

    threading.Thread(target=wait, name="pipe", daemon=True).start()


class Signals:
    """Records the signals that arrive while they are caught.

    The handler does nothing else, so that work in progress, such as writing a checkpoint, is finished.
    """

    def __init__(self) -> None:
        self.received: set[signal.Signals] = set()
        self._since = 0.0

    @contextmanager
    def caught(self) -> Iterator[Signals]:
        """Record signals instead of being stopped by them. Does nothing outside the main thread, as Python requires."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        with _handled(self._note):
            yield self

    def raise_if_received(self, done: str) -> None:
        """Stop the job if a signal has arrived.

        Args:
            done: What is safe by now, for the message.

        Raises:
            Interrupted: If a signal has arrived.
        """
        if self.received:
            raise Interrupted(f"stopped by {self}; {done}", exit_status(self.received))

    def __str__(self) -> str:
        return " and ".join(sorted(number.name for number in self.received))

    def _note(self, number: int, _: FrameType | None) -> None:
        if self.received:
            _end_if_meant(number, self.received, self._since)
        else:
            self._since = time.monotonic()
        self.received.add(signal.Signals(number))


@contextmanager
def _handled(handler: Handler) -> Iterator[None]:
    wanted = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in wanted}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _raise(number: int, _: FrameType | None) -> None:
    if _stop.first is not None:
        _end_if_meant(number, {_stop.first}, _stop.since)
        return
    _stop.first, _stop.since = signal.Signals(number), time.monotonic()
    if not _stop.held:
        _stop.raised = True
        raise StopSignal(_stop.first)


def _end_if_meant(number: int, earlier: Collection[signal.Signals], since: float) -> None:
    """End the process at a further signal, unless it comes of itself, as Slurm's do."""
    of_itself = {signal.SIGUSR1, signal.SIGTERM} if "SLURM_JOB_ID" in os.environ else {signal.SIGUSR1}
    if number not in of_itself and signal.SIGUSR1 not in earlier and time.monotonic() - since > _AGAIN_SECONDS:
        _end(f"ended at once by {signal.Signals(number).name}", {signal.Signals(number)})


def _end_if_it_stays(reader: int, left: threading.Event) -> None:
    """Wait for a signal, then for the end of the block; end the process if that takes too long."""
    received: set[signal.Signals] = set()
    with suppress(OSError), os.fdopen(reader, "rb", buffering=0) as numbers:
        while not received:
            number = numbers.read(1)
            if not number:
                return
            # otherwise somebody else acts on it, such as a training run, which ends its step first
            if number[0] in STOP_SIGNALS and signal.getsignal(number[0]) is _raise:
                received = {signal.Signals(number[0])}
        if left.wait(GRACE_SECONDS):
            return
    for call in reversed(_stop.last_words):
        last = threading.Thread(target=call, daemon=True)
        last.start()
        last.join(_LAST_WORDS_SECONDS)
    name = next(iter(received)).name
    _end(f"stopped by {name} in a step that cannot be interrupted; run the same command again", received)


def _end(said: str, received: Collection[signal.Signals]) -> None:
    with suppress(OSError):
        os.write(2, f"screening: {said}\n".encode())
    os._exit(exit_status(received))
