"""What `run.json` records."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from screening.errors import RequestError
from screening.tracking.provenance import git_commit, package_versions, run_record, sha256, write_json


def test_a_file_is_hashed_by_its_bytes(tmp_path: Path) -> None:
    data = b"x" * 3_000_000
    (tmp_path / "f").write_bytes(data)
    assert sha256(tmp_path / "f") == hashlib.sha256(data).hexdigest()


def test_a_folder_is_hashed_by_names_and_bytes(tmp_path: Path) -> None:
    def folder(name: str, files: dict[str, str]) -> str:
        for inside, text in files.items():
            (tmp_path / name / inside).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / inside).write_text(text)
        return sha256(tmp_path / name)

    plain = folder("a", {"x": "1", "sub/y": "2"})
    assert folder("b", {"sub/y": "2", "x": "1", ".hidden": "3", "z.part": "4"}) == plain
    assert folder("c", {"x": "1", "sub/z": "2"}) != plain
    assert folder("d", {"x": "1", "sub/y": "3"}) != plain


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "f").write_text("1")
    before = sha256(tmp_path / "a")
    (tmp_path / "a" / "loop").symlink_to(tmp_path / "a")
    assert sha256(tmp_path / "a") == before


def test_what_cannot_be_read_in_a_folder_counts_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("1")
    plain = sha256(tmp_path)
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    os.mkfifo(tmp_path / "pipe")
    with_others = sha256(tmp_path)
    assert with_others != plain
    assert sha256(tmp_path) == with_others


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="nowhere"):
        sha256(tmp_path / "nowhere")


def test_versions_come_without_importing_anything() -> None:
    versions = package_versions()
    assert {"python", "torch", "pymatgen", "mlflow"} <= set(versions)
    code = (
        "import sys; from screening.tracking.provenance import package_versions, git_commit, machine;"
        "package_versions(); git_commit(); machine();"
        "print([m for m in ('torch', 'pymatgen', 'mlflow', 'polars') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_commit_is_that_of_the_checkout() -> None:
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        pytest.skip("not a checkout")
    head = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    git_commit.cache_clear()  # another test may have asked where no git was to be found
    assert (git_commit() or "").removesuffix("+changes") == head


def test_a_record_survives_json(tmp_path: Path) -> None:
    record = run_record(
        command="rank",
        config={"candidates": Path("x"), "tolerance": float("inf")},
        seeds={"seed": 1},
        hashes={"model": "ab"},
        mlflow={"run_id": None},
        counts={"read": 2, "rejected": {"sanity": {"atoms overlap": 1}}},
        timing_s={"read": 1.23456},
    )
    write_json(tmp_path / "run.json", record)
    loaded = json.loads((tmp_path / "run.json").read_text())
    assert loaded["config"] == {"candidates": "x", "tolerance": None}
    assert loaded["counts"]["rejected"]["sanity"]["atoms overlap"] == 1
    assert loaded["timing_s"] == {"read": 1.235}
    assert loaded["finished"].endswith("+00:00")
    assert [file.name for file in tmp_path.iterdir()] == ["run.json"]
