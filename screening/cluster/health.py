"""Checks of what a job needs. Each check yields findings; none downloads or changes anything."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from screening.cluster import slurm
from screening.errors import ScreeningError
from screening.tracking.address import OFF, TrackingSettings, shown_uri, sqlite_path, tracking_uri
from screening.tracking.provenance import sha256
from screening.tracking.registry import PREFIX
from screening.tracking.server import connect

GOOD, NOTE, BROKEN = 0, 1, 2
STATES = {GOOD: "ok", NOTE: "note", BROKEN: "broken"}
_GB = 1e9
_LEAST_GB, _ENOUGH_GB = 1.0, 10.0
NOTHING = "none"


@dataclass(frozen=True)
class Finding:
    """The result of a check.

    Attributes:
        state: GOOD, NOTE (a job may need it) or BROKEN.
        what: What was checked.
        said: What was found.
        advice: What to do; empty if nothing.
    """

    state: int
    what: str
    said: str
    advice: str = ""


def broken(findings: Iterable[Finding]) -> list[str]:
    """Names of the checks that failed."""
    return [finding.what for finding in findings if finding.state == BROKEN]


def python() -> Iterator[Finding]:
    """Check the interpreter and the packages that this one requires."""
    from packaging.requirements import Requirement

    yield Finding(GOOD, "Python", f"{platform.python_version()}, {sys.executable}, on {platform.node()}")
    package = __package__.partition(".")[0]
    try:
        wanted = [Requirement(text) for text in importlib.metadata.requires(package) or []]
    except importlib.metadata.PackageNotFoundError:
        yield Finding(NOTE, "packages", f"{package} runs from its source folder and is not installed", "pip install .")
        return
    needed = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = [problem for one in needed if (problem := _package_problem(one.name, str(one.specifier)))]
    if wrong:
        advice = "reinstall: pip install -c constraints.txt ."
        yield Finding(BROKEN, "packages", "; ".join(wrong), advice)
    else:
        yield Finding(GOOD, "packages", f"all {len(needed)} required ones are installed")


def gpu(device: str) -> Iterator[Finding]:
    """Check the GPU; with device=cuda one is required."""
    import torch

    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        try:
            torch.ones(8, device="cuda").sum().item()
        except RuntimeError as error:
            said = f"{', '.join(names)}: a test calculation failed ({str(error).splitlines()[0]})"
            yield Finding(BROKEN, "GPU", said, "install a torch build for this driver, or set device=cpu")
            return
        yield Finding(GOOD, "GPU", f"{', '.join(names)}; torch {torch.__version__}, CUDA {torch.version.cuda}")
        return
    built = f"torch {torch.__version__}, {'CUDA ' + torch.version.cuda if torch.version.cuda else 'CPU build'}"
    if shutil.which("nvidia-smi") and os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() not in ("", "-1"):
        yield Finding(
            BROKEN, "GPU", f"a driver is installed, but torch finds no GPU; {built}", "install torch for CUDA"
        )
    elif device == "cuda":
        yield Finding(
            BROKEN,
            "GPU",
            f"device=cuda, but there is no GPU here; {built}",
            "set device=cpu, or check inside a GPU job",
        )
    else:
        yield Finding(GOOD, "GPU", f"none: jobs use the CPU; {built}")


def queue() -> Iterator[Finding]:
    """Check Slurm on this machine."""
    job = os.environ.get("SLURM_JOB_ID")
    if job:
        yield Finding(GOOD, "Slurm job", f"{job} on {os.environ.get('SLURM_JOB_NODELIST', platform.node())}")
    if not slurm.is_installed():
        yield Finding(
            GOOD if job else NOTE,
            "Slurm",
            "not installed on this machine",
            "" if job else "submit jobs from a login node",
        )
        return
    try:
        found = slurm.partitions()
        yield Finding(GOOD, "Slurm", slurm.version())
    except ScreeningError as error:
        yield Finding(
            NOTE, "Slurm", f"installed, but does not answer ({error})", "ask the administrators of the cluster"
        )
        return
    for line in found[1:]:
        yield Finding(GOOD, "partition", line)


def model(key: str, name: str, check: Callable[[str], Path | None]) -> Iterator[Finding]:
    """Check that a released model loads, and show the hash of its folder, to compare between machines.

    Args:
        key: The setting that names the model.
        name: The model.
        check: Loads the model and returns its folder, or None for a choice without one such as `auto`; raises
            ScreeningError if it cannot.
    """
    if name == NOTHING:
        return
    if name.startswith(PREFIX):
        advice = (
            "`screening submit` downloads it before the job; a job of your own without network access needs a folder"
        )
        yield Finding(NOTE, key, f"{name} is in MLflow; not checked", advice)
        return
    try:
        folder = check(name)
        yield Finding(GOOD, key, name if folder is None else f"{name}, SHA-256 {sha256(folder)[:16]}")
    except ScreeningError as error:
        yield Finding(
            BROKEN, key, str(error), f"copy the model again, or set {key}= to the name or folder of a complete release"
        )


def tracking(settings: TrackingSettings) -> Iterator[Finding]:
    """Check that MLflow answers."""
    try:
        uri = tracking_uri(settings)
        file = sqlite_path(uri)
        if uri == OFF:
            yield Finding(GOOD, "MLflow", "off")
        elif file is not None and not file.exists():
            # connecting would create the file
            yield from _writable("MLflow", file.parent, f"{file} will be created")
        else:
            connect(uri)
            yield Finding(GOOD, "MLflow", f"{shown_uri(uri)} answers")
    except ScreeningError as error:
        yield Finding(
            BROKEN, "MLflow", str(error), "set tracking=none and run `screening log` later, or correct tracking.uri="
        )


def disk(folder: Path) -> Iterator[Finding]:
    """Check free space and write permission in the output folder, or in its nearest existing parent."""
    there = next(path for path in [folder.absolute(), *folder.absolute().parents] if path.exists())
    free = shutil.disk_usage(there).free / _GB
    if free < _LEAST_GB:
        yield Finding(
            BROKEN, "disk", f"{free:.1f} GB free in {there}", "free some space, or choose another output_dir="
        )
        return
    yield from _writable("disk", there, f"{free:,.0f} GB free in {there}", NOTE if free < _ENOUGH_GB else GOOD)


def _writable(what: str, folder: Path, said: str, state: int = GOOD) -> Iterator[Finding]:
    try:
        with tempfile.TemporaryFile(dir=folder):
            yield Finding(state, what, said)
    except OSError as error:
        advice = "choose a folder that you and the jobs can write to"
        yield Finding(BROKEN, what, f"no permission to write to {folder} ({error.strerror})", advice)


def _package_problem(name: str, specifier: str) -> str:
    from packaging.specifiers import SpecifierSet

    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is missing"
    return "" if SpecifierSet(specifier).contains(found, prereleases=True) else f"{name} {found}, needs {specifier}"
