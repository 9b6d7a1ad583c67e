"""Several processes, one output: one of them gets it, and what a killed one held is free at once."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.locks import GONE, LOCK, held_by, names

from screening.errors import RequestError
from screening.locks import folder_lock


def _race(folder: Path, start: threading.Event, results: multiprocessing.Queue[str]) -> None:  # type: ignore[type-arg]
    start.wait()
    try:
        with folder_lock(folder, "output_dir"):
            own = folder / "inside"
            results.put("alone" if not own.exists() else "together")
            own.touch()
            time.sleep(0.2)
            own.unlink()
    except RequestError:
        results.put("refused")


@pytest.mark.parametrize("stale", [False, True])
def test_one_of_many_wins(tmp_path: Path, stale: bool) -> None:
    context = multiprocessing.get_context("fork")
    start, results = context.Event(), context.Queue()
    if stale:
        held_by(tmp_path / "run" / LOCK, pid=GONE)
    racers = [context.Process(target=_race, args=(tmp_path / "run", start, results)) for _ in range(12)]
    for racer in racers:
        racer.start()
    start.set()
    said = [results.get(timeout=30) for _ in racers]
    for racer in racers:
        racer.join()
    assert "together" not in said and "alone" in said
    assert set(names(tmp_path)) <= {"run"}


PREPARE = """
    import sys, time
    from pathlib import Path
    from screening.locks import folder_lock
    with folder_lock(Path(sys.argv[1]), "output_dir"):
        print("held", flush=True)
        time.sleep(60)
"""


@pytest.mark.parametrize("kill", [subprocess.Popen.kill, subprocess.Popen.terminate])
def test_a_killed_holder_is_succeeded_at_once(tmp_path: Path, kill: Callable[[subprocess.Popen[str]], None]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", textwrap.dedent(PREPARE), str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(RequestError, match=f"process {holder.pid} on"), folder_lock(tmp_path, "output_dir"):
            pass
        kill(holder)
        holder.wait()
        with folder_lock(tmp_path, "output_dir"):
            pass
    assert names(tmp_path) == []
