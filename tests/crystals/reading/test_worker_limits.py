"""Whatever a worker does, one input is refused for it, the others are read, and no process is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.mixed_folder import poscar_text

from screening.crystals import ReadSettings, Rejection, read_crystals
from screening.crystals.reading import worker_pool
from screening.crystals.reading.dispatch import examine_all
from screening.crystals.reading.parts import Part
from screening.crystals.reading.workers import Worker, WorkerFailureError, memory_limit

pytestmark = pytest.mark.ci

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def worker() -> Iterator[Worker]:
    started = Worker()
    yield started
    started.stop()


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that workers can import: functions that do what parsers must not."""
    (tmp_path / "misbehaving.py").write_text(
        textwrap.dedent("""
            import ctypes, os, time
            def fill(n):
                yield 1
                yield len(bytearray(n))
            def loop():
                while True:
                    pass
                yield
            def sleep():
                time.sleep(600)
                yield
            def die(number):
                yield 1
                os.kill(os.getpid(), number)
            def pid():
                yield os.getpid()
                time.sleep(600)
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def task(name: str) -> Callable[..., Iterator[object]]:
    import misbehaving  # type: ignore[import-not-found]

    return getattr(misbehaving, name)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("fill", (64 << 30,), "its reader ran out of memory"),
        ("loop", (), "its reader took longer than 1 s"),
        ("sleep", (), "its reader took longer than 1 s"),
        ("die", (signal.SIGKILL,), "its reader crashed (SIGKILL)"),
        ("die", (signal.SIGSEGV,), "its reader crashed (SIGSEGV)"),
    ],
)
def test_each_way_to_fail_has_its_words(tasks: None, name: str, arguments: tuple[object, ...], reason: str) -> None:
    worker = Worker()
    try:
        with pytest.raises(WorkerFailureError) as caught:
            list(worker.stream(task(name), arguments, 1.0))
    finally:
        worker.stop()
    assert str(caught.value) == reason


def test_memory_is_limited_to_a_share_of_the_machine() -> None:
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory_limit(1) <= 2 << 30
    assert memory_limit(10_000) == 1 << 30
    assert memory_limit(2) <= max(1 << 30, machine // 4)


def parts(count: int, size: int = 20 << 10) -> list[Part]:
    """Crystals whose texts are too long to be parsed here."""
    texts = [poscar_text((3.0 + 0.01 * n, 4.2, ["Li", "Co", "O", "O"])) for n in range(count)]
    return [Part("poscar", str(n), str(n), (text + " \n" * (size // 2)).encode()) for n, text in enumerate(texts)]


def test_a_worker_that_the_system_killed_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(Worker):
        def __init__(self, share: int = 1) -> None:
            super().__init__(share)
            if not killed:
                killed.append(self.pid)
                os.kill(self.pid, signal.SIGKILL)

    killed: list[int] = []
    monkeypatch.setattr(worker_pool, "Worker", Killed)
    outcomes = [outcome for _, outcome in examine_all(parts(20), ReadSettings())]
    assert len(outcomes) == 20 and killed
    assert not any(outcome.reason for outcome in outcomes)


def test_without_workers_small_inputs_are_read_and_large_ones_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(share: int = 1) -> Worker:
        raise OSError("no more processes")

    monkeypatch.setattr(worker_pool, "Worker", none)
    given = [*parts(2), *parts(40, size=0)]
    reasons = [outcome.reason for _, outcome in examine_all(given, ReadSettings(workers=1))]
    assert (
        reasons[:2]
        == ["unreadable: its size needs a reader process of its own, and none could be started (no more processes)"] * 2
    )
    assert not any(reasons[2:])


@pytest.mark.parametrize("name", ["pid", "loop"])
def test_no_worker_outlives_a_reader_that_is_killed(tasks: None, tmp_path: Path, name: str) -> None:
    code = (
        "import sys; import misbehaving; from screening.crystals.reading.workers import Worker;"
        "worker = Worker(); print(worker.pid, flush=True);"
        f"list(worker.stream(misbehaving.{name}, (), 600.0))"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"},
    )
    assert reader.stdout is not None
    pid = int(reader.stdout.readline())
    time.sleep(0.5)
    assert Path(f"/proc/{pid}").exists() or sys.platform != "linux"
    reader.kill()
    reader.wait()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and _runs(pid):
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_disordered_crystals_are_ordered_in_a_worker(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(
        '{"lattice": [[3,0,0],[0,3,0],[0,0,3]], "species": [{"Fe": 0.5, "Co": 0.5}], "frac": [[0,0,0]]}\n'
    )
    code = (
        "import sys; from screening.crystals import ReadSettings, read_crystals;"
        f"(item,) = read_crystals({str(tmp_path / 'rows.jsonl')!r}, ReadSettings(order=True, workers=0));"
        "print(item.flags, 'pymatgen' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "('ordered_approximant',) False\n"


def test_a_parser_without_an_end_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        textwrap.dedent("""
            import screening.crystals.reading.examine as module
            honest = module.examine
            def examine(part, settings):
                if b"FILL" in part.data:
                    bytearray(64 << 30)
                while b"LOOP" in part.data:
                    pass
                return honest(part, settings)
            module.examine = examine
        """)
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    folder = tmp_path / "in"
    folder.mkdir()
    for part, word in zip(parts(6), ["fine", "FILL", "LOOP", "fine", "FILL", "fine"], strict=True):
        assert isinstance(part.data, bytes)
        (folder / f"{part.stem}.vasp").write_bytes(part.data.replace(b"test", word.encode(), 1))
    found = {
        item.candidate_id: item.reason if isinstance(item, Rejection) else "" for item in read_crystals(folder, LIMITS)
    }
    memory, time_ = "unreadable: its reader ran out of memory", "unreadable: its reader took longer than 5 s"
    assert found == {"0": "", "1": memory, "2": time_, "3": "", "4": memory, "5": ""}


LIMITS = ReadSettings(timeout_s=5.0)
