"""A command of `screening` as its user runs it, with its wall time, stages and peak memory."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from screening.chemistry.elements import SYMBOLS
from screening.crystals import Crystal

_ROOT = Path(__file__).resolve().parent.parent
_TIMING = re.compile(r"^(\d+\.\d) s of work: (.+)$", re.MULTILINE)  # screening/report/terminal.py: timing_line
_SHARE = re.compile(r"(\w[\w ]*?) (\d+) %")
# A process starts with the peak memory of the one that it was forked from, so a small one stands between: it runs the
# command in its arguments and prints seconds and peak memory of it alone.
_LAUNCHER = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
status = subprocess.run(sys.argv[1:]).returncode
spent = time.perf_counter() - started
print(json.dumps([status, spent, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB on Linux


@dataclass(frozen=True)
class CommandRun:
    """stages_s: processor seconds that the command books to stages; shares: of those, by stage."""

    command: str
    crystals: int
    wall_s: float
    stages_s: float
    shares: dict[str, float]
    peak_memory_GiB: float

    @property
    def structures_per_s(self) -> float:
        """Start-up included."""
        return self.crystals / self.wall_s

    @property
    def network_share(self) -> float:
        """Share of the network's forward pass."""
        return self.shares.get("network", 0.0)

    def record(self) -> dict[str, Any]:
        """All of it for JSON."""
        derived = ("structures_per_s", "network_share")
        return {**asdict(self), **{name: getattr(self, name) for name in derived}}


def write_jsonl(path: Path, crystals: Sequence[Crystal]) -> None:
    """Rows of lattice, species, frac in one gzipped file."""
    with gzip.open(path, "wb", compresslevel=1) as stream:
        for crystal in crystals:
            row = {
                "id": crystal.candidate_id,
                "lattice": crystal.lattice.tolist(),
                "species": [SYMBOLS[z] for z in crystal.numbers],
                "frac": crystal.frac.tolist(),
            }
            stream.write(orjson.dumps(row) + b"\n")


def run_command(command: str, keys: Sequence[str], crystals: int, threads: int, folder: Path) -> CommandRun:
    """Run `screening COMMAND KEYS`; raises SystemExit with its last words when it fails or loses a crystal."""
    paths = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": paths}
    program = [sys.executable, "-m", "screening", command, *keys]
    done = subprocess.run(
        [sys.executable, "-c", _LAUNCHER, *program],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    text, _, last = done.stdout.rstrip().rpartition("\n")
    status, wall, maxrss = json.loads(last)
    timing = _TIMING.search(text)
    if status or timing is None:
        raise SystemExit(f"screening {command} failed with status {status}:\n{text[-2000:]}")
    if not re.search(rf"\b{crystals} (crystals predicted|ranked)", text):
        raise SystemExit(f"screening {command} did not score all {crystals} crystals:\n{text[-2000:]}")
    shares = {name: int(percent) / 100 for name, percent in _SHARE.findall(timing[2])}
    return CommandRun(command, crystals, wall, float(timing[1]), shares, maxrss * _MAXRSS_UNIT / 2**30)
