"""One job for one output: a living holder is named and respected, a dead one is succeeded, nothing is left behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from helpers.locks import GONE, LOCK, held_by, names

from screening import locks
from screening.crystals.reading.file_kinds import is_ignored
from screening.errors import RequestError
from screening.files import part_path
from screening.locks import DEAD_S, file_lock, folder_lock, part_lock, scratch_folder


def old(lock: Path, age_s: float) -> None:
    os.utime(lock, (time.time() - age_s,) * 2)


def test_a_lock_is_there_while_the_job_runs_and_hidden(tmp_path: Path) -> None:
    with folder_lock(tmp_path / "run", "output_dir") as folder, file_lock(tmp_path / "t.parquet", "output"):
        assert names(tmp_path) == sorted([".t.parquet.lock", "run", LOCK]) and folder.is_dir()
        assert all(map(is_ignored, (".t.parquet.lock", LOCK, part_path(folder).name)))
        (folder / "kept").touch()
    assert names(tmp_path) == ["kept", "run"]


def test_a_refused_request_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RequestError), folder_lock(tmp_path / "a" / "b", "output_dir"):
        raise RequestError("wrong")
    with pytest.raises(KeyboardInterrupt), file_lock(tmp_path / "a" / "t.csv", "output"):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_a_living_holder_is_named(tmp_path: Path) -> None:
    held_by(tmp_path / LOCK, job="77")
    with pytest.raises(RequestError) as refused, folder_lock(tmp_path, "output_dir"):
        pass
    said = str(refused.value)
    assert re.match(rf"output_dir={re.escape(str(tmp_path))}: another job is writing there: `screening rank` ", said)
    assert f"process {os.getpid()} on " in said and "job 77 of Slurm, since 20" in said
    assert names(tmp_path) == [LOCK]


def test_jobs_of_one_thread_share_a_lock_and_threads_do_not(tmp_path: Path) -> None:
    refused = []

    def other() -> None:
        with pytest.raises(RequestError), folder_lock(tmp_path, "output_dir"):
            pass
        refused.append(True)

    with folder_lock(tmp_path, "output_dir"):
        with folder_lock(tmp_path, "output_dir"):
            pass
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert refused and names(tmp_path) == [LOCK]
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "age_s"),
    [
        ({"pid": GONE}, 0.0),
        ({"started": "1"}, 0.0),  # the number belongs to another process now
        ({"machine": "elsewhere"}, DEAD_S + 60),
        ({"machine": "elsewhere", "job": "8", "restarts": 0}, 0.0),
    ],
    ids=["no such process", "another process", "no sign of life", "requeued"],
)
def test_a_dead_holder_is_succeeded(
    changes: dict[str, object], age_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_by(tmp_path / LOCK, **changes)
    old(tmp_path / LOCK, age_s)
    monkeypatch.setenv("SLURM_JOB_ID", "8")
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    with folder_lock(tmp_path, "output_dir"):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    assert names(tmp_path) == []


ELSEWHERE: list[dict[str, object]] = [
    {"machine": "elsewhere"},
    {"machine": "elsewhere", "job": "8", "restarts": 1},
    {"machine": "x", "pid": GONE},
]


@pytest.mark.parametrize("changes", ELSEWHERE, ids=["elsewhere", "same job", "a number of another machine"])
def test_a_holder_elsewhere_is_awaited(
    changes: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused at its next sign of life; without any it is succeeded."""
    monkeypatch.setenv("SLURM_JOB_ID", "8")
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    monkeypatch.setattr(locks, "_LOOK_S", 0.01)
    held_by(tmp_path / LOCK, **changes)
    old(tmp_path / LOCK, 50)
    beat = threading.Timer(0.1, old, (tmp_path / LOCK, 0))
    beat.start()
    with pytest.raises(RequestError, match="another job is writing there"), folder_lock(tmp_path, "output"):
        pass
    beat.join()
    old(tmp_path / LOCK, DEAD_S - 0.1)
    with folder_lock(tmp_path, "output"):
        pass
    assert names(tmp_path) == []


def test_a_child_that_ended_but_was_not_waited_for_is_dead(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    held_by(tmp_path / LOCK, pid=ended.pid, started="")
    deadline = time.monotonic() + 30
    while Path(f"/proc/{ended.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with folder_lock(tmp_path, "output_dir"):
        pass
    ended.wait()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"token": "../x"}', b'{"token": "a", "pid": "b"}', b"\xff"])
def test_a_damaged_lock_is_respected_until_it_is_old(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_HALF_WRITTEN_S", 0.0)
    monkeypatch.setattr(locks, "_LOOK_S", 0.01)
    (tmp_path / LOCK).write_bytes(content)
    old(tmp_path / LOCK, 20)
    beat = threading.Timer(0.1, old, (tmp_path / LOCK, 0))
    beat.start()
    with pytest.raises(RequestError, match="one that is not named"), folder_lock(tmp_path, "output_dir"):
        pass
    beat.join()
    old(tmp_path / LOCK, DEAD_S + 1)
    with folder_lock(tmp_path, "output_dir"):
        pass
    assert names(tmp_path) == []


def test_a_living_job_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "BEAT_S", 0.01)
    with folder_lock(tmp_path, "output_dir"):
        old(tmp_path / LOCK, 1000)
        deadline = time.monotonic() + 30
        while time.time() - (tmp_path / LOCK).stat().st_mtime > 100:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_lost_lock_is_left_to_its_new_holder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(locks, "BEAT_S", 0.01)
    with folder_lock(tmp_path, "output_dir"):
        held_by(tmp_path / LOCK, machine="elsewhere")
        old(tmp_path / LOCK, 1000)
        time.sleep(0.1)
    assert "the lock is lost" in caplog.text
    assert time.time() - (tmp_path / LOCK).stat().st_mtime > 900


def test_shards_write_side_by_side_and_a_whole_ranking_alone(tmp_path: Path) -> None:
    one, two = (tmp_path / "shards" / name for name in ("0-of-2", "1-of-2"))
    held_by(two / LOCK)
    with part_lock(tmp_path, one, "output_dir"), folder_lock(tmp_path, "output_dir", joins=True):
        pass
    with (
        pytest.raises(RequestError, match=r"output_dir=.*1-of-2: another job"),
        folder_lock(tmp_path, "output_dir", parts="shards/*"),
    ):
        pass
    held_by(tmp_path / LOCK, pid=os.getppid(), started="")  # as if it had started this shard
    with part_lock(tmp_path, one, "output_dir"):
        pass
    held_by(tmp_path / LOCK, joins=True)
    with part_lock(tmp_path, one, "output_dir"):
        pass
    held_by(tmp_path / LOCK)
    with pytest.raises(RequestError, match="another job"), part_lock(tmp_path, one, "output_dir"):
        pass


def test_what_killed_jobs_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    kept = [".t.parquet.part", "t.parquet.12345678.part", "data.part", ".other.csv.12345678.part"]
    for name in [*kept, ".t.parquet.12345678.part", ".t.rejected.csv.0a0b0c0d.part"]:
        (tmp_path / name).touch()
    with file_lock(tmp_path / "t.parquet", "output", "t.rejected.csv"):
        pass
    assert names(tmp_path) == sorted(kept)
    (tmp_path / ".finalists.0a0b0c0d.part").mkdir()
    (tmp_path / ".finalists.0a0b0c0d.part" / "x").touch()
    with folder_lock(tmp_path, "output_dir"):
        pass
    assert names(tmp_path) == sorted(kept[:3])


def test_a_long_name_can_be_locked(tmp_path: Path) -> None:
    path = tmp_path / ("ж" * 120 + ".parquet")
    with file_lock(path, "output"):
        part_path(path).touch()
        path.touch()
    with file_lock(path, "output"):
        pass
    assert names(tmp_path) == [path.name]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RequestError, match="cannot be written"), file_lock(tmp_path / "t.csv", "output"):
        pass
    tmp_path.chmod(0o700)


def test_scratch_of_killed_processes_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead, alive = tmp_path / "screening-scratch-dead", tmp_path / "screening-scratch-alive"
    held_by(dead / LOCK, pid=GONE)
    held_by(alive / LOCK)
    (tmp_path / "screening-scratch-new").mkdir()
    with scratch_folder() as folder:
        (folder / "x").touch()
        assert not dead.exists() and alive.is_dir() and (tmp_path / "screening-scratch-new").is_dir()
    assert not folder.exists()


def test_passwords_are_not_in_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/x/screening/__main__.py", "rank", "tracking.uri=http://me:secret@host"])
    with folder_lock(tmp_path, "output_dir"):
        text = (tmp_path / LOCK).read_text()
    assert "secret" not in text and "screening rank tracking.uri=http://me:***@host" in text
