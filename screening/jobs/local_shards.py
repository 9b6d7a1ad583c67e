"""All shards of a ranking on this machine, each in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import orjson

from screening import console
from screening.cluster.part_files import PARTS
from screening.configuration import as_dict
from screening.configuration.rank import RankConfig
from screening.configuration.saving import from_dict
from screening.errors import Interrupted, RequestError, ScreeningError
from screening.jobs.ranking_outcome import Ranking
from screening.jobs.sharding import reduce_shards, score_shard
from screening.locks import folder_lock
from screening.signals import StopSignal, stopping, when_closed

_PROGRAM = "from screening.jobs.local_shards import main; main()"
_LOOK_SECONDS = 0.05
_STOP_SECONDS = 10.0  # to write what is scored; less than a command may take to stop


def rank_in_shards(config: RankConfig) -> Ranking:
    """Score every shard, as many at a time as there are cores, then join them.

    Raises RequestError or ScreeningError with what a shard said when it failed, Interrupted if one was told to stop.
    The others are stopped then, as they are when this process is; the same job again goes on with what is written.
    """
    with folder_lock(Path(config.output_dir), "output_dir", parts=PARTS):
        _score_all(config)
        return reduce_shards(config)


def _score_all(config: RankConfig) -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    at_once = min(cores, config.shards)
    waiting, running = list(range(config.shards)), list[_Shard]()
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                running.append(_Shard(config, waiting.pop(0), max(1, cores // at_once)))
            for shard in [shard for shard in running if shard.process.poll() is not None]:
                running.remove(shard)
                shard.check()
            time.sleep(_LOOK_SECONDS)
    finally:
        _stop(running)


def main() -> None:
    """One shard: its number is the argument, the settings come as a line of JSON on standard input.

    It stops as told by a signal when the process that started it has ended, which closes standard input.
    """
    console.configure(debug=False)
    settings = orjson.loads(sys.stdin.buffer.readline())
    status = 0
    with stopping():
        when_closed(sys.stdin.fileno(), lambda: os.kill(os.getpid(), signal.SIGTERM))
        try:
            score_shard(from_dict(RankConfig, settings), int(sys.argv[1]))
        except ScreeningError as error:
            console.print_error(str(error))
            status = error.exit_status
        except StopSignal as stop:
            console.print_error(str(stop))
            status = stop.exit_status
        console.flush()
        os._exit(status)  # threads of a library may still be computing, and nothing is left to do


class _Shard:
    """The process that scores a shard."""

    def __init__(self, config: RankConfig, index: int, threads: int) -> None:
        package = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
        self.name = f"shard {index} of {config.shards}"
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - it lasts as long as the process
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, str(index)],
            stdin=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(threads)},
        )
        self._input = cast(IO[bytes], self.process.stdin)  # stays open: its end is how the shard knows of ours
        with suppress(BrokenPipeError):  # it ended already, and says why
            self._input.write(orjson.dumps(as_dict(config)) + b"\n")
            self._input.flush()

    def check(self) -> None:
        """Raise the error with which it ended, if it did."""
        status = self.process.returncode
        self._said.seek(0)
        said = self._said.read().decode(errors="replace").strip().splitlines() or [f"exit status {status}"]
        self.close()
        if status in (75, 130):
            raise Interrupted(f"{self.name}: {said[-1]}; run the same command to continue", status)
        if status:
            kind = RequestError if status == RequestError.exit_status else ScreeningError
            raise kind(f"{self.name}: {said[-1]}")

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self._input.close()
        self._said.close()


def _stop(running: Sequence[_Shard]) -> None:
    """Have shards stop, which keep what they have scored; those that do not are ended."""
    for shard in running:
        shard.process.terminate()
    end = time.monotonic() + _STOP_SECONDS
    for shard in running:
        try:
            shard.process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            shard.process.kill()
            shard.process.wait()
        shard.close()
