"""A password in the address of a store stands in no file and on no screen; the message says where it belongs."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.models import tiny_release
from helpers.rankings import finished_ranking

import screening
from screening import cli
from screening.errors import RequestError
from screening.tracking.runs import TrackingSettings, open_run

PASSWORD = "pa55w0rd"
HTTP, DATABASE = f"http://ann:{PASSWORD}@127.0.0.1:9", f"postgresql://ann:{PASSWORD}@127.0.0.1:9/runs"
IRON = "Fe\n1\n2.8 0 0\n0 2.8 0\n0 0 2.8\nFe\n1\nDirect\n0 0 0\n"
RANK = ["rank", "task=magnets", "candidates=Fe.poscar", "model=tiny", "magnetism=none", "workers=0", "report.cards=1"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "Fe.poscar").write_text(IRON)
    return tmp_path


def holding(folder: Path) -> list[Path]:
    """Files with the password in them."""
    return [path for path in folder.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]


@pytest.mark.parametrize("uri", [HTTP, DATABASE], ids=["http", "database"])
@pytest.mark.parametrize(
    "command",
    [
        [*RANK, "output_dir=out"],
        [*RANK, "output_dir=out", "shards=2", "shard=0"],
        [*RANK, "--cfg", "job"],
        [*RANK, "--help"],
        ["submit", *RANK, "output_dir=out", "dry_run=true"],
        ["submit", "--cfg", "job", *RANK],
        ["submit", "train", "data.path=store", "output_dir=out", "dry_run=true"],
        ["train", "data.path=store", "output_dir=out"],
        ["predict", "candidates=Fe.poscar", "output=out/table.parquet"],
        ["relax", "candidates=Fe.poscar", "output_dir=out"],
        ["log", "finished"],
        ["review", "run=finished"],
        ["reduce", "finished"],
        ["status", "finished"],
        ["doctor"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_it_is_refused_before_anything_is_written(
    place: Path, capsys: pytest.CaptureFixture[str], command: list[str], uri: str
) -> None:
    assert cli.main([*command, f"tracking.uri={uri}"]) == 2
    shown = capsys.readouterr()
    assert PASSWORD not in shown.out + shown.err
    assert "tracking.uri=" in shown.err and "***@127.0.0.1:9" in shown.err and "MLFLOW_TRACKING_" in shown.err
    assert sorted(path.name for path in place.iterdir()) == ["Fe.poscar"]


@pytest.mark.parametrize(
    "spelt",
    [f"++tracking.uri={HTTP}", f"tracking={{uri:'{HTTP}'}}", f"tracking.url={HTTP}", f"model={HTTP}", f"{DATABASE}"],
)
def test_other_spellings_do_not_show_it_either(place: Path, capsys: pytest.CaptureFixture[str], spelt: str) -> None:
    assert cli.main([*RANK, "output_dir=out", spelt, "debug=true"]) == 2
    shown = capsys.readouterr()
    assert PASSWORD not in shown.out + shown.err and "***" in shown.err


def test_python_refuses_it_too(place: Path) -> None:
    with pytest.raises(RequestError, match="MLFLOW_TRACKING_PASSWORD") as refused:
        screening.rank("Fe.poscar", task="magnets", tracking=HTTP)
    assert PASSWORD not in str(refused.value)
    with pytest.raises(RequestError), open_run(TrackingSettings(HTTP), place, "x", {}):
        raise AssertionError("no run")


@pytest.mark.ci
def test_one_that_the_environment_holds_is_written_nowhere(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_release(place / "tiny")
    finished_ranking(place / "finished")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", DATABASE)
    assert cli.main([*RANK, "output_dir=out", "debug=true"]) == 0
    assert cli.main(["log", "finished"]) == 1
    assert cli.main(["doctor", "model=tiny", "magnetism=none", "voltage=none"]) == 1
    cli.main(["submit", *RANK, "output_dir=later", "dry_run=true"])
    shown = capsys.readouterr()
    assert PASSWORD not in shown.out + shown.err
    assert "MLflow cannot record there" in shown.err and "postgresql://ann:***@127.0.0.1:9/runs" in shown.err
    assert holding(place) == []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", HTTP)
    assert cli.main(["log", "finished"]) == 2
    shown = capsys.readouterr()
    assert PASSWORD not in shown.err and "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" in shown.err
