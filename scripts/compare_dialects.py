"""Writes crystals as pymatgen, ASE, VESTA, AFLOW, VASP and databases do, reads them, and compares.

    python scripts/compare_dialects.py crystals=structures.jsonl.gz [number=2000] [log=dialects.jsonl] [processes=2]

Crystals are taken evenly over the file (rows of `lattice, species, frac`); those of more than 60 atoms are left out,
because the other programs take most of the time. The log has a line for every crystal that did not come back equal.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests")]

from fuzzing.round_trips import round_trips  # noqa: E402

from screening.crystals import Crystal, read_crystals  # noqa: E402

MOST_ATOMS = 60


def _chosen(path: str, number: int) -> list[Crystal]:
    found = [item for item in read_crystals(path) if isinstance(item, Crystal) and item.n_atoms <= MOST_ATOMS]
    return found[:: max(1, len(found) // number)][:number]


def _compare(crystal: Crystal) -> list[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        return list(round_trips(crystal.to_structure(), Path(folder)))


def main() -> None:
    """Compare, and print a line for each dialect."""
    given = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    if "crystals" not in given:
        raise SystemExit(__doc__)
    crystals = _chosen(given["crystals"], int(given.get("number", 2000)))
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    log = Path(given.get("log", "dialects.jsonl"))
    pool = ProcessPoolExecutor(int(given.get("processes", 2)), mp_context=get_context("spawn"))
    with pool, log.open("w", encoding="utf-8") as out:
        found = zip(crystals, pool.map(_compare, crystals, chunksize=4), strict=True)
        for number, (crystal, verdicts) in enumerate(found, 1):
            for name, verdict, detail in verdicts:
                counts[name][verdict] += 1
                if verdict != "equal":
                    out.write(json.dumps([crystal.candidate_id, name, verdict, detail[:300]]) + "\n")
            out.flush()
            print(f"\r{number}/{len(crystals)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for name, verdicts_of in counts.items():
        print(f"{name:32} {dict(verdicts_of.most_common())}")


if __name__ == "__main__":
    main()
