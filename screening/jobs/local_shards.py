"""All shards of a ranking on this machine, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson

from screening import console
from screening.cluster.part_files import PARTS
from screening.configuration import as_dict
from screening.configuration.rank import RankConfig
from screening.configuration.saving import from_dict
from screening.errors import RequestError, ScreeningError
from screening.jobs.ranking_outcome import Ranking
from screening.jobs.sharding import reduce_shards, score_shard
from screening.locks import folder_lock

_PROGRAM = "from screening.jobs.local_shards import main; main()"


def rank_in_shards(config: RankConfig) -> Ranking:
    """Score every shard, as many at a time as there are cores, then join them.

    Raises RequestError or ScreeningError with what a shard said when it failed; no further one is started then, and the
    same job again goes on with what is written.
    """
    with folder_lock(Path(config.output_dir), "output_dir", parts=PARTS):
        _score_all(config)
        return reduce_shards(config)


def _score_all(config: RankConfig) -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    at_once = min(cores, config.shards)
    pool = ThreadPoolExecutor(at_once)
    try:
        running = [pool.submit(_score, config, index, max(1, cores // at_once)) for index in range(config.shards)]
        for future in running:
            future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def main() -> None:
    """One shard: its number is the argument, the settings come as JSON on standard input."""
    console.configure(debug=False)
    try:
        score_shard(from_dict(RankConfig, orjson.loads(sys.stdin.buffer.read())), int(sys.argv[1]))
    except ScreeningError as error:
        console.print_error(str(error))
        sys.exit(error.exit_status)


def _score(config: RankConfig, index: int, threads: int) -> None:
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    ended = subprocess.run(
        [sys.executable, "-P", "-c", _PROGRAM, str(index)],
        input=orjson.dumps(as_dict(config)),
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(threads)},
    )
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {ended.returncode}"]
        kind = RequestError if ended.returncode == RequestError.exit_status else ScreeningError
        raise kind(f"shard {index} of {config.shards}: {said[-1]}")
