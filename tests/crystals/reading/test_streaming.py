"""Reading is lazy, its memory does not grow with the input, and workers that die or hang cost one file."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import subprocess
import sys
import textwrap
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.mixed_folder import poscar_text, row

from screening.crystals import Crystal, ReadSettings, Rejection, read_crystals
from screening.crystals.reading.dispatch import examine_all
from screening.crystals.reading.parts import Part

pytestmark = pytest.mark.ci

ROOT = Path(__file__).resolve().parents[3]


def line(index: int) -> bytes:
    return json.dumps({"id": index, **row((3.0 + 1e-5 * index, 4.2, ["Li", "Co", "O", "O"]))}).encode() + b"\n"


def test_the_first_row_arrives_before_the_file_ends(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(map(line, range(5000))))
    (tmp_path / "rows.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    stream = read_crystals(tmp_path / "rows.jsonl.gz")
    assert next(stream).candidate_id == "0"
    items = list(stream)
    assert len(items) > 500 and all(isinstance(item, Crystal) for item in items[:-1])
    assert isinstance(items[-1], Rejection) and "breaks off here" in items[-1].reason


@pytest.mark.parametrize("kind", ["row", "poscar"])
def test_only_a_bounded_number_of_parts_is_taken(kind: str) -> None:
    taken = 0

    def parts() -> Iterator[Part]:
        nonlocal taken
        for index in itertools.count():
            taken += 1
            data = line(index) if kind == "row" else poscar_text((3.0, 4.2, ["Li", "Co", "O", "O"])).encode()
            yield Part(kind, str(index), str(index), data)

    stream = examine_all(parts(), ReadSettings(workers=2))
    for _ in range(5):
        next(stream)
        time.sleep(0.01)
    assert taken < 200
    stream.close()


def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "rows.jsonl.gz", "wb", 1) as file:
        file.writelines(line(index) for index in range(6000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_crystals(tmp_path / "rows.jsonl.gz")) == 6000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6_000_000  # ids and hashes alone: about 300 bytes each


def write_poscars(folder: Path, contents: list[str]) -> None:
    for index, content in enumerate(contents):
        text = poscar_text((3.0 + 0.01 * index, 4.2, ["Li", "Co", "O", "O"]))
        (folder / f"{index:02d}.vasp").write_text(text.replace("test", content, 1))


@pytest.mark.ci
def test_a_worker_that_dies_or_hangs_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Python runs a sitecustomize module when it starts: it makes parsers fail in the workers, and only there.
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        textwrap.dedent("""
            import os
            import screening.crystals.reading.examine as module
            honest = module.examine
            def examine(part, settings):
                if b"CRASH" in part.data:
                    os.abort()
                while b"HANG" in part.data:
                    pass
                return honest(part, settings)
            module.examine = examine
        """)
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    folder = tmp_path / "in"
    folder.mkdir()
    write_poscars(folder, ["fine"] * 5 + ["CRASH"] + ["fine"] * 6 + ["HANG"] + ["fine"] * 5)
    items = list(read_crystals(folder, ReadSettings(workers=2, timeout_s=6)))
    refused = {item.candidate_id: item.reason for item in items if isinstance(item, Rejection)}
    assert len(items) == 18 and set(refused) == {"05", "12"}
    assert "its reader crashed" in refused["05"] and "took longer than 6 s" in refused["12"]
    assert [item.candidate_id for item in items] == sorted(item.candidate_id for item in items)


def test_workers_do_not_run_the_callers_script_again(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_poscars(tmp_path / "in", ["fine"] * 6)
    script = tmp_path / "script.py"
    script.write_text(
        "print('running')\n"
        "from screening.crystals import ReadSettings, read_crystals\n"
        f"print(len(list(read_crystals({str(tmp_path / 'in')!r}, ReadSettings(workers=2)))))\n"
    )
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.stdout, done.stderr) == ("running\n6\n", "")


def test_reading_rows_loads_no_heavy_library(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(line(0))
    code = (
        "import sys; from screening.crystals import read_crystals;"
        f"list(read_crystals({str(tmp_path / 'rows.jsonl')!r}));"
        "print([m for m in ('torch', 'pymatgen', 'ase', 'spglib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"
