"""`screening doctor` finds what is broken, says what to do about it, and changes nothing."""

from __future__ import annotations

import importlib.metadata
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from helpers.models import tiny_release

from screening import cli
from screening.cluster import health
from screening.cluster.health import BROKEN, GOOD, NOTE
from screening.errors import RequestError
from screening.tracking.address import TrackingSettings


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without programs in PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "no programs"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_is_broken(alone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tiny_release(alone / "tiny")
    before = sorted(alone.rglob("*"))
    assert cli.main(["doctor", f"model={model}", "magnetism=none", "voltage=none", "output_dir=runs/new"]) == 0
    said = capsys.readouterr().out
    assert f"ok      model           {model}, SHA-256 " in said
    assert "note    Slurm           not installed on this machine" in said
    assert f"{alone / 'mlflow.db'} will be created" in said
    assert said.endswith("nothing is broken\n")
    assert sorted(alone.rglob("*")) == before


def test_what_is_broken_is_named_with_advice(alone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tiny_release(alone / "tiny")
    weights = model / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-7])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{listener.getsockname()[1]}"
        given = [f"model={model}", "magnetism=nowhere", "voltage=none", f"tracking.uri={uri}"]
        assert cli.main(["doctor", *given]) == 1
    captured = capsys.readouterr()
    assert captured.err == "screening: broken: model, magnetism, MLflow\n"
    assert "weights.safetensors is truncated" in captured.out and "copy the model again" in captured.out
    assert "-> set tracking=none and run `screening log` later" in captured.out


def test_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [finding.state for finding in health.python()] == [GOOD, GOOD]
    wanted = ["numpy>=99", "no-such-package", "pytest>=999; extra == 'dev'", "polars"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: wanted)
    (_, found) = health.python()
    assert found.state == BROKEN
    assert found.said == f"numpy {importlib.metadata.version('numpy')}, needs >=99; no-such-package is missing"


def test_a_full_disk_and_a_folder_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [finding.what for finding in health.disk(tmp_path / "not" / "there")] == ["disk"]
    usage: Any = shutil._ntuple_diskusage  # type: ignore[attr-defined]
    for free, state in ((5e8, BROKEN), (5e9, NOTE), (5e10, GOOD)):
        monkeypatch.setattr(shutil, "disk_usage", lambda path, free=free: usage(1e12, 1e12 - free, free))
        assert [finding.state for finding in health.disk(tmp_path)] == [state]
    (found,) = health.disk(Path("/proc/self"))
    assert (found.state, found.what) == (BROKEN, "disk")


def test_a_gpu_that_is_asked_for(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [finding.state for finding in health.gpu("auto")] == [GOOD]
    assert [finding.state for finding in health.gpu("cuda")] == [BROKEN]
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    (found,) = health.gpu("auto")
    assert found.state == BROKEN and "a driver is installed, but torch finds no GPU" in found.said


def test_a_model_from_mlflow_is_not_downloaded() -> None:
    def refuse(name: str) -> Path:
        raise RequestError("downloaded")

    (found,) = health.model("model", "models:/magnets@champion", refuse)
    assert found.state == NOTE and "without network access" in found.advice
    (found,) = health.model("model", "x", refuse)
    assert found.state == BROKEN and found.said == "downloaded"
    assert list(health.model("voltage", "none", refuse)) == []


def test_tracking(tmp_path: Path) -> None:
    (off,) = health.tracking(TrackingSettings("none"))
    (nowhere,) = health.tracking(TrackingSettings(f"sqlite:///{tmp_path}/no/folder/mlflow.db"))
    (strange,) = health.tracking(TrackingSettings("ftp://x"))
    assert [off.state, nowhere.state, strange.state] == [GOOD, BROKEN, BROKEN]


def test_slurm_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sbatch", "sinfo"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'no controller' >&2; exit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    (found,) = health.queue()
    assert found.state == NOTE and "installed, but does not answer (sinfo: no controller)" in found.said
    monkeypatch.setenv("SLURM_JOB_ID", "5")
    assert [finding.what for finding in health.queue()] == ["Slurm job", "Slurm"]
