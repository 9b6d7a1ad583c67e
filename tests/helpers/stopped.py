"""A command in a process of its own that a signal stops, where a test wants it to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

# A job started in the background of a script inherits that interrupts are ignored, the tests with it.
_PROGRAM = """
import importlib, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
place, number = sys.argv.pop(1), int(sys.argv.pop(1))
if place:
    module, _, names = place.partition(":")
    owner = importlib.import_module(module)
    *above, name = names.split(".")
    for step in above:
        owner = getattr(owner, step)
    plain = getattr(owner, name)
    sent = []
    def stopped_once(*given, **named):
        if not sent:
            sent.append(number)
            os.kill(os.getpid(), number)
        return plain(*given, **named)
    setattr(owner, name, stopped_once)
from screening.cli import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Stopped:
    """How the command ended; left: command lines of processes that it left behind."""

    status: int
    output: str
    errors: str
    seconds: float
    left: list[str]


def start(root: Path, folder: Path, place: str, number: int, *arguments: str) -> subprocess.Popen[str]:
    """`screening ARGUMENTS` in a folder; it sends itself the signal when `module:function` is called first."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, place, str(number), *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], folder: Path, within: float = 120.0) -> Stopped:
    """Wait for the end of a process that works in a folder of its own."""
    started = time.monotonic()
    output, errors = process.communicate(timeout=within)
    seconds = time.monotonic() - started
    end = time.monotonic() + 5
    while (left := working_in(folder)) and time.monotonic() < end:
        time.sleep(0.1)  # until pipes are found to be closed
    return Stopped(process.returncode, output, errors, seconds, left)


def working_in(folder: Path) -> list[str]:
    """Command lines of the processes that work in a folder."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and (process / "cwd").resolve(strict=True) == folder.resolve():
                found.append((process / "cmdline").read_text().replace("\0", " ") + _state(process))
        except OSError:  # it has ended, or is somebody else's
            continue
    return [line for line in found if not line.endswith("Z")]


def _state(process: Path) -> str:
    return (process / "stat").read_text().rpartition(")")[2].split()[0]


def kill_all_in(folder: Path) -> None:
    """End what a failed test leaves behind."""
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and (process / "cwd").resolve(strict=True) == folder.resolve():
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue
