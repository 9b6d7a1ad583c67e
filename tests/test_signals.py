"""Signals stop a command where it is, or are recorded where work stops in steps; the old handlers come back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from screening.errors import Interrupted
from screening.signals import STOP_SIGNALS, Signals, StopSignal, held_back, stopping, was_stopped

# A job started in the background of a script inherits that interrupts are ignored, the tests with it.
PROGRAM = """
import os, signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from screening import signals
"""


def _ended(root: Path, program: str, *numbers: signal.Signals, pause: float = 0.0) -> tuple[int, str, float]:
    """Exit status, errors and seconds of a program that gets the signals once it has written a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM + program],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "started\n"
    started = time.monotonic()
    for number in numbers:
        process.send_signal(number)
        time.sleep(pause)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors, time.monotonic() - started


@pytest.fixture(autouse=True)
def _not_ignored() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_they_are_recorded_and_stop_the_job_when_asked() -> None:
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    with Signals().caught() as signals:
        signals.raise_if_received("nothing was done")
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGTERM, signal.SIGUSR1):
            os.kill(os.getpid(), number)
        with pytest.raises(Interrupted, match="stopped by SIGTERM and SIGUSR1; all is safe") as raised:
            signals.raise_if_received("all is safe")
    assert raised.value.exit_status == 75
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_the_exit_status_tells_ctrl_c_from_the_others(number: signal.Signals) -> None:
    status = 130 if number == signal.SIGINT else 75
    with Signals().caught() as signals:
        os.kill(os.getpid(), number)
        with pytest.raises(Interrupted) as recorded:
            signals.raise_if_received("all is safe")
    with pytest.raises(StopSignal, match=number.name) as raised, stopping():
        os.kill(os.getpid(), number)
        time.sleep(10)
    assert (recorded.value.exit_status, raised.value.exit_status) == (status, status)
    assert recorded.value.followed_by("go on").exit_status == status


def test_a_block_is_ended_first() -> None:
    done = []
    with pytest.raises(StopSignal), stopping():
        with held_back():
            with held_back():
                os.kill(os.getpid(), signal.SIGTERM)
                done.append("inner")
            assert was_stopped()
            done.append("outer")
        done.append("after")
    assert done == ["inner", "outer"]
    assert not was_stopped()


def test_what_the_process_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    try:
        with stopping(), Signals().caught() as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not signals.received
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_thread_of_a_notebook_catches_none() -> None:
    said: list[bool] = []

    def work() -> None:
        with stopping(), Signals().caught() as signals:
            said.append(bool(signals.received))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert said == [False]


SLOW_TO_STOP = """
with signals.stopping():
    try:
        print("started", flush=True)
        time.sleep(60)
    finally:
        time.sleep(60)
"""
RECORDING = """
with signals.Signals().caught():
    print("started", flush=True)
    time.sleep(60)
"""


@pytest.mark.ci
@pytest.mark.parametrize("program", [SLOW_TO_STOP, RECORDING])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 75), (signal.SIGHUP, 75)])
def test_a_second_one_ends_at_once(
    root: Path, monkeypatch: pytest.MonkeyPatch, program: str, number: signal.Signals, status: int
) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    found, errors, seconds = _ended(root, program, number, number, pause=0.8)
    assert (found, errors) == (status, f"screening: ended at once by {number.name}\n")
    assert seconds < 10


@pytest.mark.ci
def test_slurm_sends_some_of_them_twice(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    program = "signals.GRACE_SECONDS = 2.0" + SLOW_TO_STOP.replace("sleep(60)", "sleep(1.5)")
    found, errors, _ = _ended(root, program, signal.SIGTERM, signal.SIGTERM, pause=0.8)
    assert found == 1 and "StopSignal: stopped by SIGTERM" in errors


@pytest.mark.ci
def test_a_step_outside_python_is_ended_after_a_while_and_has_its_last_words(root: Path) -> None:
    program = """
import hashlib, threading
signals.GRACE_SECONDS = 0.5
with signals.stopping(), signals.last_words(lambda: print("run closed", file=sys.stderr, flush=True)):
    # Said from another thread once the step has begun: a signal before it would end the program in Python.
    threading.Timer(0.5, lambda: print("started", flush=True)).start()
    hashlib.pbkdf2_hmac("sha512", b"a", b"b", 100_000_000)  # minutes
"""
    status, errors, seconds = _ended(root, program, signal.SIGTERM)
    assert status == 75 and seconds < 20
    assert errors.splitlines() == [
        "run closed",
        "screening: stopped by SIGTERM in a step that cannot be interrupted; run the same command again",
    ]
