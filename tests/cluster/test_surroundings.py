"""What is unusual about the user, the environment and the limits is found, each with the mend."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from screening.cluster.health import BROKEN, NOTE, Finding
from screening.cluster.surroundings import surroundings, tracking_variables
from screening.commands import doctor
from screening.tracking.address import TrackingSettings


def found(what: str) -> list[Finding]:
    return [finding for finding in surroundings() if finding.what == what]


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("OMP_NUM_THREADS", "garbage", "OMP_NUM_THREADS"),
        ("CUDA_VISIBLE_DEVICES", "", "GPU"),
        ("CUDA_VISIBLE_DEVICES", "-1", "GPU"),
        ("HOME", "/proc", "home"),
    ],
)
def test_variables(monkeypatch: pytest.MonkeyPatch, name: str, value: str, what: str) -> None:
    if name == "HOME":
        monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    monkeypatch.setenv(name, value)
    (finding,) = found(what)
    assert finding.state == NOTE and finding.advice


@pytest.mark.parametrize("value", ["4", "4,2"])
def test_numbers_of_threads_are_fine(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert found("OMP_NUM_THREADS") == []


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", missing)
    (finding,) = found("home")
    assert "export HOME=" in finding.advice


def test_temporary_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (finding,) = found("TMPDIR")
    assert finding.state == NOTE and "missing cannot be written to" in finding.said

    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    (finding,) = found("TMPDIR")
    assert finding.state == BROKEN


def test_the_umask_and_the_limit_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda which: (64, 4096))
    before = os.umask(0o077)
    try:
        assert [finding.advice for finding in found("open files")] == ["ulimit -n 1024"]
        assert "077" in found("umask")[0].said
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)


def test_variables_of_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://ann:PW@lab/db")
    (used,) = tracking_variables(TrackingSettings())
    (unused,) = tracking_variables(TrackingSettings("http://lab:5000"))
    assert used.said == "MLFLOW_TRACKING_URI=postgresql://ann:***@lab/db is used"
    assert "is not used: tracking.uri= says otherwise" in unused.said


def test_a_check_that_fails_itself_is_a_finding() -> None:
    def checks() -> object:
        yield Finding(NOTE, "GPU", "so far")
        raise OSError("libcuda.so is damaged")

    first, failed = doctor._all_of("GPU", checks())  # type: ignore[arg-type]
    assert first.said == "so far"
    assert failed.state == BROKEN and "OSError: libcuda.so is damaged" in failed.said
