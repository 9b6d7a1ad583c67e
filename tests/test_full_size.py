"""The full-size versions of what the quick tests do in small; `make test-slow` runs them."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from helpers.crystals import random_crystal
from helpers.labelled import small_store
from helpers.mixed_folder import build_mixed_folder

from screening.chemistry.elements import SYMBOLS
from screening.cli import main

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("task", ["magnets", "electrodes"])
def test_fifty_broken_files_among_five_hundred_good_ones(task: str, tmp_path: Path) -> None:
    expected = build_mixed_folder(tmp_path / "mixed", good=500, seed=0)
    out = tmp_path / "out"
    assert main(["rank", f"task={task}", f"candidates={tmp_path / 'mixed'}", f"output_dir={out}", "tracking=none"]) == 0
    ranking, rejected = pl.read_parquet(out / "ranking.parquet"), pl.read_csv(out / "rejected.csv")
    assert (ranking.height, rejected.height) == (500, 50)
    for source, reason in zip(rejected["source"], rejected["reason"], strict=True):
        assert expected[source] in reason
    assert set(ranking["candidate_id"]).isdisjoint(rejected["candidate_id"])


def test_memory_stays_bounded_however_many_crystals_are_read(tmp_path: Path) -> None:
    """A process of its own for each size, whose peak the operating system knows."""
    rng = np.random.default_rng(0)
    peaks = []
    for count in (4000, 16000):
        file = tmp_path / f"{count}.jsonl.gz"
        with gzip.open(file, "wt", compresslevel=1) as rows:
            for i in range(count):
                c = random_crystal(rng, int(rng.integers(2, 20)))
                row = {"lattice": c.lattice.tolist(), "species": [SYMBOLS[z] for z in c.numbers]}
                rows.write(json.dumps({"id": f"c{i}", **row, "frac": c.frac.tolist()}) + "\n")
        peaks.append(_peak_GiB(["predict", f"candidates={file}", f"output={tmp_path / 'p.parquet'}", "tracking=none"]))
        predicted, rejected = pl.read_parquet(tmp_path / "p.parquet"), pl.read_csv(tmp_path / "p.rejected.csv")
        assert predicted.height + rejected.height == count
        assert rejected.height < 0.01 * count  # now and then a random cell is absurdly flat
    assert max(peaks) < 3
    assert peaks[1] < peaks[0] + 0.3


def test_a_short_training_learns(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store", 2000).path
    keys = [f"data.path={store}", "trainer.max_steps=400", "trainer.batch_atoms=400", "trainer.ema_decay=0.98"]
    keys += ["network.parameters.width=32", "network.parameters.edge_width=32", "tracking=none"]
    assert main(["train", f"output_dir={tmp_path / 'run'}", "name=short", *keys]) == 0
    model = tmp_path / "run" / "model"
    out = tmp_path / "scores"
    assert main(["evaluate", f"model={model}", f"data.path={store}", f"output_dir={out}", "tracking=none"]) == 0
    scores = {
        s["target"]: s
        for s in json.loads((out / "scores.json").read_text())["scores"]
        if s["rows"] == s["group"] == "all"
    }
    for target in ("formation_energy_eV_per_atom", "magnetization_muB_per_A3"):
        assert scores[target]["mae"] < 0.3 * scores[target]["mae_constant"], target


def _peak_GiB(arguments: list[str]) -> float:
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code, sys.executable, "-m", "screening", *arguments],
        env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip
    unit = 1 if sys.platform == "darwin" else 1024
    return int(done.stdout) * unit / 2**30
