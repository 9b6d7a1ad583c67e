"""20,000 crystals in eight shards on two nodes, with jobs killed and cancelled, give the ranking of one machine."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from helpers.crystals import random_crystal
from helpers.models import tiny_release
from helpers.shard_jobs import assert_equal, kill, logs_of, submitter
from helpers.slurm import Slurm

from screening import cli
from screening.chemistry.elements import SYMBOLS
from screening.cluster.submitted import SubmittedJob

pytestmark = [pytest.mark.xdist_group("slurm"), pytest.mark.slow]

CRYSTALS, SHARDS = 20_000, 8
KILLED, REQUEUED, CANCELLED = (0, 1, 4), 2, 7


def _write_crystals(file: Path) -> None:
    rng = np.random.default_rng(0)
    with gzip.open(file, "wt", compresslevel=1) as rows:
        for n in range(CRYSTALS):
            c = random_crystal(rng, int(rng.integers(2, 12)))
            row = {"lattice": c.lattice.tolist(), "species": [SYMBOLS[z] for z in c.numbers], "frac": c.frac.tolist()}
            rows.write(json.dumps({"id": f"c{n}", **row}) + "\n")


@pytest.mark.parametrize("disturbed", [False, True])
def test_equal_to_one_machine(
    slurm: Slurm, root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], disturbed: bool
) -> None:
    submit, folder = submitter(root, capfd), tmp_path / "all"
    _write_crystals(tmp_path / "rows.jsonl.gz")
    model = tiny_release(tmp_path / "tiny")
    given = [f"candidates={tmp_path / 'rows.jsonl.gz'}", f"model={model}", "magnetism=none", "precision=32"]
    request = ["task=magnets", "tracking=none", "report.cards=2", "workers=0", *given]
    assert cli.main(["rank", *request, f"output_dir={tmp_path / 'whole'}"]) == 0
    whole = pl.read_parquet(tmp_path / "whole" / "ranking.parquet")
    assert whole.height > 0.99 * CRYSTALS

    arguments = [*request, f"output_dir={folder}", f"shards={SHARDS}"]
    array, reducing, _ = submit("rank", *arguments)
    if disturbed:
        lost = _disturb(slurm, array, folder)
        array, reducing, _ = submit("rank", *arguments)
        assert array.shards == lost
    slurm.wait(reducing.id, seconds=240)
    assert set(slurm.states([array.id, reducing.id]).values()) == {"COMPLETED"}, logs_of(folder)
    assert_equal(folder, whole)


def _disturb(slurm: Slurm, array: SubmittedJob, folder: Path) -> tuple[int, ...]:
    """Kill, cancel and requeue jobs; returns the shards that are lost."""
    moments = random.Random(1)
    tasks = array.tasks
    slurm.call("scancel", tasks[CANCELLED])
    slurm.wait(tasks[REQUEUED], states={"RUNNING"})
    slurm.call("scontrol", "requeue", tasks[REQUEUED])
    lost = [shard for shard in KILLED if kill(array, shard, after=moments.uniform(0.0, 4.0))]
    slurm.wait(*(tasks[shard] for shard in lost))
    slurm.lose_node_of(next(name for name, state in slurm.states([array.id]).items() if state == "RUNNING"))
    ended = slurm.wait(array.id, seconds=240)
    # Slurm keeps no record of a task that was cancelled before it started
    states = {shard: ended.get(task, "CANCELLED") for shard, task in tasks.items()}
    lost = [*lost, CANCELLED]
    assert {shard for shard, state in states.items() if state == "COMPLETED"} == {*range(SHARDS)} - {*lost}, states
    assert len(lost) > 1, logs_of(folder)
    return tuple(lost)
