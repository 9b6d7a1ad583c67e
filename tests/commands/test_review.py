"""`screening review`: the state of a review on the terminal, warnings, the export and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.reviews import ReviewStore, cif_of, review_store, rock_salt

from screening.cli import main

pytestmark = pytest.mark.xdist_group("reviews")

Review = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ReviewStore:
    return review_store(tmp_path_factory.mktemp("store"))


@pytest.fixture
def review(store: ReviewStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Review:
    """Runs `screening review KEYS` on the store; exit status, output, errors."""
    monkeypatch.chdir(store.folder)

    def run(*keys: str) -> tuple[int, str, str]:
        status = main(["review", *keys])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run


def test_the_state_is_shown_and_typing_errors_are_told(store: ReviewStore, review: Review) -> None:
    parent = store.ranking()
    store.finalist(parent, "good", metrics={"score": 0.9}, decision="approve", by="ann", comment="make it")
    store.finalist(parent, "\x1b[31mbad", "CoO", rank=2, metrics={"score": 0.2}, decision="reject", comment="=1+1")
    child = store.finalist(parent, "typo", "NiO", rank=3, decision="aprove")
    status, out, err = review(f"run={parent}")
    assert status == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[2] == ["1", "good", "FeO", "0.900", "approve", "ann", "make", "it"]
    assert lines[4] == ["3", "typo", "NiO", "–", "open"]
    assert "approve 1, reject 1, hold 0, open 1" in out
    assert "100% of pairs" in out and "too few to tell" in out
    assert "\x1b" not in out + err
    (warning,) = err.splitlines()
    assert warning.startswith("warning: NiO typo") and child in warning and "'aprove'" in warning
    assert sorted(path.name for path in store.folder.iterdir() if path.name != "mlartifacts") == ["mlflow.db"]


@pytest.mark.ci
def test_approved_candidates_are_exported_from_a_finalists_id(
    store: ReviewStore, review: Review, tmp_path: Path
) -> None:
    parent = store.ranking()
    child = store.finalist(parent, files={"crystal.cif": cif_of(rock_salt())}, decision="approve")
    status, out, err = review(f"run={child}", f"output_dir={tmp_path / 'a b'}", "dft=scan")
    assert (status, err) == (0, "")
    assert "exported: 01-FeO" in out and "approved.zip" in out
    assert "METAGGA" in (tmp_path / "a b" / "01-FeO" / "vasp" / "INCAR").read_text()


def test_one_broken_candidate_fails_the_job_and_keeps_the_rest(
    store: ReviewStore, review: Review, tmp_path: Path
) -> None:
    parent = store.ranking()
    store.finalist(parent, "whole", files={"crystal.cif": cif_of(rock_salt())}, decision="approve")
    store.finalist(parent, "broken", "CoO", rank=2, files={"crystal.cif": b"data_"}, decision="approve")
    status, out, err = review(f"run={parent}", f"output_dir={tmp_path}", "dft=none")
    assert status == 1
    assert "CoO broken" in err and "crystal.cif cannot be used" in err and "whole" not in err
    assert (tmp_path / "01-FeO" / "POSCAR").is_file() and "exported: 01-FeO" in out


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["run=0123456789abcdef"], "no such run; expected the id of a ranking's run"),
        (["run=x", "tracking=none"], "tracking is off"),
        (["run=x", "tracking.uri=sqlite:///missing.db"], "no such file"),
        (["run=x", "dft=static"], "relax, scan, none"),
        (["run=no/such/folder"], "no mlflow_run_id.json with a run there"),
        ([], "run"),
    ],
)
def test_wrong_requests(review: Review, keys: list[str], words: str) -> None:
    status, out, err = review(*keys)
    assert (status, out) == (2, "") and words in err and "Traceback" not in err


@pytest.mark.ci
def test_a_chemist_without_the_output_folder_needs_one_command(store: ReviewStore, tmp_path: Path, root: Path) -> None:
    parent = store.ranking()
    store.finalist(parent, files={"crystal.cif": cif_of(rock_salt())}, decision="approve")
    keys = [f"run={parent}", f"tracking.uri={store.settings.uri}", "output_dir=out"]
    done = subprocess.run(
        [sys.executable, "-m", "screening", "review", *keys],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
