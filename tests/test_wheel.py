"""The wheel carries all that a ranking needs: installed in a clean environment away from the checkout, it ranks."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from screening import __version__

RELEASED_MODEL = "models/screening-v3/weights.safetensors"
# One worker of a parallel run builds and installs once for all of these.
pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    # The development extras have the build backend; without it pip fetches one for the occasion.
    isolation = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *isolation, "-w", str(folder), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("screening-*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`screening` of a new environment that has the wheel and borrows the dependencies of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "screening"


def _run(program: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(program), *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )


def test_the_wheel_has_everything_and_nothing_else(wheel: Path, root: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for kind in ("configs", "datasets", "models"):
        for path in (root / kind).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"screening/_bundled/{path.relative_to(root).as_posix()}" in names
    for path in (root / "screening").rglob("*.py"):
        assert path.relative_to(root).as_posix() in names
    assert "screening/py.typed" in names
    assert {name.split("/")[0] for name in names} == {"screening", f"screening-{__version__}.dist-info"}


def test_the_installed_program_uses_its_own_files(program: Path, tmp_path: Path, root: Path) -> None:
    python = program.with_name("python")
    code = "import screening, screening.resources as r; print(screening.__file__, r.resource('configs'))"
    shown = _run(python, tmp_path, "-c", code).stdout
    assert str(root) not in shown
    assert "_bundled" in shown


def test_the_installed_program_explains_itself(program: Path, tmp_path: Path) -> None:
    done = _run(program, tmp_path, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert _run(program, tmp_path, "--version").stdout == f"screening {__version__}\n"
    done = _run(program, tmp_path, "rank", "task=magnets", "--cfg", "job")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.ci
def test_the_installed_program_ranks(program: Path, tmp_path: Path, root: Path) -> None:
    if not (root / RELEASED_MODEL).exists():
        pytest.skip(f"no released model: {RELEASED_MODEL}")
    arguments = ["task=magnets", "candidates=magnets", "output_dir=ranked", "device=cpu", "tracking=none"]
    done = _run(program, tmp_path, "rank", *arguments)
    assert done.returncode == 0, done.stderr
    written = {path.name for path in (tmp_path / "ranked").iterdir()}
    assert {"ranking.parquet", "ranking.csv", "rejected.csv", "report.html", "run.json"} <= written
