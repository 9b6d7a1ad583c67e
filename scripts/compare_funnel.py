"""A ranking in stages beside one that gives every candidate the full predictions: do the best agree, and what is saved?

Each ranking is a command of its own that goes on where it stopped, so that a long comparison can be interrupted.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import orjson
import polars as pl

from screening.console import say
from screening.ranking import lists_of


def main() -> None:
    """Rank twice and compare the first of each list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", required=True, help="crystals, in any form that `screening rank` takes")
    parser.add_argument("--output", type=Path, required=True, help="folder for both rankings")
    parser.add_argument("--task", default="electrodes")
    parser.add_argument("--best", type=int, default=20, help="how many of each list to compare")
    given, further = parser.parse_known_args()
    keys = [f"task={given.task}", f"candidates={given.candidates}", "tracking=none", "report.cards=0", *further]
    staged = _ranked(given.output / "staged", [*keys, f"funnel.keep={given.best}"])
    whole = _ranked(given.output / "whole", [*keys, "funnel.enabled=false", "shards=1", "shard=0"])
    for name, table in lists_of(pl.read_parquet(whole / "ranking.parquet")):
        wanted = table.filter(pl.col("score") > 0).head(given.best)["candidate_id"]
        found = dict(lists_of(pl.read_parquet(staged / "ranking.parquet"))).get(name, table.clear())
        agree = len(set(wanted) & set(found.head(given.best)["candidate_id"]))
        say(f"{name or 'all'}: {agree} of the {len(wanted)} best agree")
    record = orjson.loads((staged / "run.json").read_bytes())
    say(
        f"by stage: {record.get('stages')}; seconds of work: {_seconds(staged):.0f} staged, {_seconds(whole):.0f} whole"
    )


def _ranked(folder: Path, keys: list[str]) -> Path:
    """The folder of a finished ranking with these keys; made if it is not there."""
    if not (folder / "run.json").is_file():
        command = [sys.executable, "-m", "screening"]
        subprocess.run([*command, "rank", f"output_dir={folder}", *keys], check=True)
        if "shard=0" in keys:
            subprocess.run([*command, "reduce", str(folder)], check=True)
    return folder


def _seconds(folder: Path) -> float:
    return float(sum(orjson.loads((folder / "run.json").read_bytes())["timing_s"].values()))


if __name__ == "__main__":
    main()
