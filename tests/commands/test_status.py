"""`screening status DIR` as a user types it, where there is no Slurm."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from screening import cli
from screening.cluster.part_files import PartFolder
from screening.cluster.submitted import SubmittedJob, record_jobs


@pytest.fixture(autouse=True)
def no_slurm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "no programs"))


def _part(folder: Path, shard: str, rows: int, *, done: bool) -> None:
    parts = PartFolder(folder / "shards" / shard, {})
    parts.folder.mkdir(parents=True)
    parts.append(pl.DataFrame({"position": range(rows)}))
    if done:
        parts.finish({"scored": rows, "rejected": 0, "earlier": 0, "total": 9})


def test_a_ranking_in_shards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _part(tmp_path / "a=1", "0-of-2", 4, done=True)
    _part(tmp_path / "a=1", "1-of-2", 2, done=False)
    assert cli.main(["status", f"output_dir={tmp_path / 'a=1'}"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("1 of 2 shards complete, 6 candidates of 9 on disk\n  shard 1     2 on disk, last ")
    assert "next (1 missing shard is not queued): run the same `screening rank` again" in said


def test_a_ranking_that_was_submitted_and_has_not_begun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record_jobs(tmp_path, [SubmittedJob("7", "rank", "screening submit rank x=1", "now", (0, 1, 2))])
    (tmp_path / "jobs" / "screening-rank-7_1.log").write_text("no such environment\n")
    assert cli.main(["status", str(tmp_path), "lines=1"]) == 0
    said = capsys.readouterr().out
    assert "0 of 3 shards complete" in said and "    no such environment\n" in said
    assert said.endswith("next (3 missing shards are not queued): screening submit rank x=1\n")


def test_a_ranking_without_shards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record_jobs(tmp_path, [SubmittedJob("7", "rank", "screening submit rank x=1", "now")])
    assert cli.main(["status", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "next: screening submit rank x=1\n"
    (tmp_path / "run.json").write_text("{}")
    assert cli.main(["status", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"done: {tmp_path / 'report.html'}\n"


def test_a_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "step-00000042-0123456789abcdef.ckpt").touch()
    assert cli.main(["status", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("step 42, checkpoint written ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "output_dir=...  (folder of"), (["nowhere"], "no such folder"), (["."], "neither a ranking nor a training")],
)
def test_refusals(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["status", *arguments]) == 2
    assert said in capsys.readouterr().err
