"""The commands run where people run them: without home or streams, from a notebook, with odd variables and locales."""

from __future__ import annotations

import locale
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from helpers.models import tiny_release

pytestmark = pytest.mark.ci

IRON = "Fe\n1\n2.8 0 0\n0 2.8 0\n0 0 2.8\nFe\n1\nDirect\n0 0 0\n"
RANK = (
    "rank task=magnets candidates={0}/Fe.poscar model={0}/tiny magnetism=none workers=1 report.cards=1 output_dir=out"
)
NOBODY = "setpriv --reuid=12345 --regid=12345 --clear-groups"
ROOT_ONLY = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="becomes another user")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "Fe.poscar").write_text(IRON)
    tiny_release(folder / "tiny")
    return folder


def run(root: Path, folder: Path, command: str, before: str = "", after: str = "", **variables: str) -> Ended:
    """A shell line in a folder: `BEFORE screening COMMAND AFTER`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    line = f"{before} {sys.executable} -m screening {command} {after}"
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(root), **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


Ended = subprocess.CompletedProcess[str]


@pytest.mark.parametrize(
    "variables",
    [
        {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYTHONWARNINGS": "error"},
        {"MPLBACKEND": "nonsense", "TMPDIR": "/nonexistent", "OMP_NUM_THREADS": "garbage", "TERM": "dumb"},
        pytest.param(
            {"PYTHONOPTIMIZE": "2", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "COLUMNS": "1"}, marks=pytest.mark.slow
        ),
        {"HOME": "/proc", "XDG_CACHE_HOME": "/proc", "XDG_CONFIG_HOME": "/proc", "TORCH_HOME": "/proc"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_odd_variables(root: Path, made: Path, tmp_path: Path, variables: dict[str, str]) -> None:
    done = run(root, tmp_path, RANK.format(made), **variables)
    assert done.returncode == 0, done.stderr
    assert "1 ranked, 0 rejected" in done.stdout
    assert pl.read_parquet(tmp_path / "out" / "ranking.parquet").height == 1
    assert run(root, tmp_path, "rank --help", **variables).returncode == 0


def test_closed_streams(root: Path, made: Path, tmp_path: Path) -> None:
    done = run(root, tmp_path, RANK.format(made), after="<&- >&- 2>&-")
    assert done.returncode == 0, done.stderr
    assert pl.read_csv(tmp_path / "out" / "ranking.csv").height == 1
    assert (tmp_path / "mlflow.db").read_bytes().startswith(b"SQLite format 3")


@ROOT_ONLY
def test_a_user_without_name_and_home_in_a_folder_that_is_read_only(root: Path, made: Path, tmp_path: Path) -> None:
    for path in (made, *made.rglob("*"), *made.parents[:3], tmp_path):
        path.chmod(path.stat().st_mode | 0o055)
    folder, out = tmp_path / "read only", tmp_path / "out"
    folder.mkdir(mode=0o755)
    out.mkdir()
    out.chmod(0o777)
    command = RANK.format(made).replace("output_dir=out", f"output_dir={out}")
    done = run(root, folder, command, before=f"env -u HOME {NOBODY}")
    assert done.returncode == 0, done.stderr
    assert "going on without tracking" in done.stderr and "mlflow.db" in done.stderr
    assert pl.read_parquet(out / "ranking.parquet").height == 1
    told = run(root, folder, f"doctor model={made}/tiny magnetism=none voltage=none", before=f"env -u HOME {NOBODY}")
    assert told.returncode == 1 and "broken: MLflow, disk" in told.stderr, told
    assert "user 12345 has no home folder" in told.stdout


def test_few_files_may_be_open_and_the_umask_is_strict(root: Path, made: Path, tmp_path: Path) -> None:
    done = run(root, tmp_path, RANK.format(made), before="ulimit -n 64; umask 077;")
    assert done.returncode == 0, done.stderr


def test_the_environment_says_where_runs_are_recorded(root: Path, made: Path, tmp_path: Path) -> None:
    variables = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/team.db", "MLFLOW_EXPERIMENT_NAME": "alloys"}
    done = run(root, tmp_path, RANK.format(made), **variables)
    assert done.returncode == 0 and "team.db" in done.stdout, done.stderr
    assert (tmp_path / "team.db").is_file() and not (tmp_path / "mlflow.db").exists()


def test_a_locale_with_commas(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from screening import cli

    before = locale.setlocale(locale.LC_ALL)
    for name in ("de_DE.UTF-8", "ru_RU.UTF-8", "fr_FR.UTF-8"):
        try:
            locale.setlocale(locale.LC_ALL, name)
            break
        except locale.Error:
            continue
    else:
        pytest.skip("no locale with commas is installed")
    monkeypatch.chdir(tmp_path)
    try:
        assert cli.main([*RANK.format(made).split(), "tracking=none"]) == 0
    finally:
        locale.setlocale(locale.LC_ALL, before)
    assert pl.read_csv(tmp_path / "out" / "ranking.csv")["n_atoms"].to_list() == [1]
