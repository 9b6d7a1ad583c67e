"""Provenance of a result: versions, hashes, counts and timing, as written to `run.json`."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from screening.checksums import file_sha256, with_checksum
from screening.errors import RequestError
from screening.files import atomic_path
from screening.folders import files_under
from screening.masking import masked

PACKAGES = (
    "torch",
    "nvalchemi-toolkit-ops",
    "warp-lang",
    "pymatgen",
    "ase",
    "spglib",
    "gemmi",
    "numpy",
    "polars",
    "pyarrow",
    "lightning",
    "hydra-core",
    "mlflow",
    "chgnet",
    "plotly",
)
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


@cache
def package_versions() -> dict[str, str]:
    """Versions of Python, this package and its main dependencies, read from metadata without importing them."""
    versions = {"python": platform.python_version()}
    for name in (__package__.partition(".")[0], *PACKAGES):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


@cache
def git_commit() -> str | None:
    """The commit of the checkout that the package runs from, with `+changes` if files differ; None if installed."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        commit, changes = (
            subprocess.run(["git", "-C", str(root), *command], capture_output=True, text=True, timeout=10, check=True)
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return commit.stdout.strip() + ("+changes" if changes.stdout.strip() else "")


def machine() -> dict[str, Any]:
    """This computer: system, architecture, host name and the cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"system": platform.platform(), "machine": platform.machine(), "host": platform.node(), "cores": cores}


def typed_command() -> str | None:
    """The command as it was typed, any password in an address masked; None in a program that only uses the package."""
    if Path(sys.argv[0]).name not in ("screening", "__main__.py"):
        return None
    return masked(shlex.join(["screening", *sys.argv[1:]]))


def sha256(path: Path, passed_over: frozenset[Path] = frozenset()) -> str:
    """Hash of a file, or of a folder: the sorted relative names and hashes of its files.

    Hidden and unfinished (`.part`) files of a folder are skipped. Of unreadable ones (broken links, pipes, files
    without permission) only the name counts.

    Args:
        path: The file or folder.
        passed_over: Files and folders in it to leave out, as absolute paths without links.

    Raises:
        RequestError: If the path does not exist.
    """
    if path.is_file():
        return file_sha256(path)
    if not path.is_dir():
        raise RequestError(f"no such file or folder: {path}")
    digest = hashlib.sha256()
    for relative in sorted(_counted_files(path, passed_over)):
        digest.update(f"{relative}\0{_readable_sha256(path / relative)}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def run_record(
    *,
    command: str,
    config: Mapping[str, Any],
    seeds: Mapping[str, int],
    hashes: Mapping[str, str],
    mlflow: Mapping[str, Any],
    counts: Mapping[str, Any],
    timing_s: Mapping[str, float],
    model: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Build the content of `run.json`.

    Args:
        command: The command that ran.
        config: The settings as composed.
        seeds: Seeds by name.
        hashes: SHA-256 by what was hashed (`model`, `candidates`, ...).
        mlflow: `run_id` and `tracking_uri`.
        counts: Counts by stage, and under `rejected` by stage and reason.
        timing_s: Seconds by stage.
        model: Where the network came from, as from `model_origin`.
    """
    return {
        "command": command,
        "typed": typed_command(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "config": dict(config),
        "versions": dict(package_versions()),
        "git_commit": git_commit(),
        "machine": machine(),
        "seeds": dict(seeds),
        "sha256": dict(hashes),
        "mlflow": dict(mlflow),
        "model": dict(model or {}),
        "counts": dict(counts),
        "timing_s": {stage: round(seconds, 3) for stage, seconds in timing_s.items()},
    }


def output_hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of what a job wrote, for its record; names of files and folders that are not there are left out."""
    return {name: sha256(folder / name) for name in names if (folder / name).exists()}


def changed_outputs(folder: Path, record: Mapping[str, Any]) -> list[str]:
    """What is no longer as the record of its job says, by name; the record of an earlier version says nothing."""
    known = record.get("outputs")
    known = known if isinstance(known, Mapping) else {}
    now = output_hashes(folder, known)
    return [name for name in known if now.get(name) != known[name]]


def write_run_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as `write_json` does, with a checksum of its own."""
    write_json(path, with_checksum(orjson.loads(orjson.dumps(dict(record), default=str, option=_OPTIONS))))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write indented JSON atomically; paths become text, NaN and infinity become null."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | _OPTIONS
    with atomic_path(path) as part:
        part.write_bytes(orjson.dumps(dict(content), default=str, option=options))


def _readable_sha256(path: Path) -> str:
    try:
        return file_sha256(path) if path.is_file() else ""
    except OSError:
        return ""


def _counted_files(folder: Path, passed_over: frozenset[Path]) -> list[str]:
    """Relative names with forward slashes. Links to folders are not followed, which avoids loops."""
    found = files_under(folder, passed_over)
    counted = [
        (name, entry) for name, entry in found if not entry.name.startswith(".") and not entry.name.endswith(".part")
    ]
    return [name for name, entry in counted if not (entry.is_symlink() and (folder / name).is_dir())]
