"""Reads damaged files by the hundred thousand, and compares what is found with ASE, gemmi and pymatgen.

    python scripts/fuzz_readers.py mutants=200000 log=fuzz.jsonl [processes=2] [seed=0]
    python scripts/fuzz_readers.py show=123456            # writes the mutant with this seed, and says what became of it

The log has a line for each verdict that is neither `agreed` nor `refused`, and the counts of every thousand mutants;
the same command goes on where a log ends.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests")]

from fuzzing.hunt import FINDINGS, hunt, judge, mutant  # noqa: E402

CHUNK = 1000
MEMORY_BYTES = 6 << 30


def _chunk(start: int) -> tuple[int, dict[str, int], list[tuple[int, str, str]]]:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    counts: Counter[str] = Counter()
    notable = []
    for seed, verdict in hunt(range(start, start + CHUNK)):
        counts[verdict.kind] += 1
        if verdict.kind not in ("agreed", "refused"):
            notable.append((seed, verdict.kind, verdict.detail))
    return start, dict(counts), notable


def _done(log: Path) -> set[int]:
    if not log.exists():
        return set()
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return {line["start"] for line in lines if "start" in line}


def _summary(log: Path) -> str:
    total: Counter[str] = Counter()
    for line in log.read_text("utf-8").splitlines():
        total.update(json.loads(line).get("counts", {}))
    left = sum(total[kind] for kind in FINDINGS)
    return f"{sum(total.values()):,} mutants: {dict(total.most_common())}; to look into: {left}"


def _run(mutants: int, log: Path, processes: int, seed: int) -> None:
    starts = [start for start in range(seed, seed + mutants, CHUNK) if start not in _done(log)]
    began = time.monotonic()
    with (
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
        log.open("a", encoding="utf-8") as out,
    ):
        for number, (start, counts, notable) in enumerate(pool.map(_chunk, starts), 1):
            for place, kind, detail in notable:
                out.write(json.dumps({"seed": place, "kind": kind, "detail": detail[:300]}) + "\n")
            out.write(json.dumps({"start": start, "counts": counts}) + "\n")
            out.flush()
            left = (time.monotonic() - began) / number * (len(starts) - number)
            print(f"\r{number}/{len(starts)} thousand, {left / 60:.0f} min left", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(_summary(log))


def _show(seed: int) -> None:
    extension, data = mutant(seed)
    path = Path(f"mutant_{seed}{extension}")
    path.write_bytes(data)
    verdict = judge(extension, data, Path.cwd())
    Path(f"mutant{extension}").unlink()
    print(f"{path}: {verdict.kind} {verdict.detail}")


def main() -> None:
    """Run, or show one mutant."""
    given = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    if "show" in given:
        _show(int(given["show"]))
    elif "mutants" in given and "log" in given:
        _run(int(given["mutants"]), Path(given["log"]), int(given.get("processes", 2)), int(given.get("seed", 0)))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
