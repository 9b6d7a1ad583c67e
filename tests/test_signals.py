"""Signals are recorded instead of killing the process, and the old handlers come back."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from screening.errors import Interrupted
from screening.signals import STOP_SIGNALS, Signals


def test_they_are_recorded_and_stop_the_job_when_asked() -> None:
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    with Signals().caught() as signals:
        signals.raise_if_received("nothing was done")
        for number in (*STOP_SIGNALS, *STOP_SIGNALS):
            os.kill(os.getpid(), number)
        with pytest.raises(Interrupted, match="stopped by SIGTERM and SIGUSR1; all is safe") as raised:
            signals.raise_if_received("all is safe")
    assert raised.value.exit_status == 75
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before


def test_a_thread_of_a_notebook_catches_none() -> None:
    said: list[bool] = []

    def work() -> None:
        with Signals().caught() as signals:
            said.append(bool(signals.received))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert said == [False]
