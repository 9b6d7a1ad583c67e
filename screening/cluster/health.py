"""What a job needs, looked at one by one: each look gives findings, and none downloads or changes anything."""

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
    """state: GOOD, NOTE (a job may miss it) or BROKEN. what: was looked at. advice: what to do, where there is any."""

    state: int
    what: str
    said: str
    advice: str = ""


def broken(findings: Iterable[Finding]) -> list[str]:
    """What has to be mended."""
    return [finding.what for finding in findings if finding.state == BROKEN]


def python() -> Iterator[Finding]:
    """The interpreter, and the packages that this one asks for."""
    from packaging.requirements import Requirement

    yield Finding(GOOD, "Python", f"{platform.python_version()}, {sys.executable}, on {platform.node()}")
    package = __package__.partition(".")[0]
    try:
        wanted = [Requirement(text) for text in importlib.metadata.requires(package) or []]
    except importlib.metadata.PackageNotFoundError:
        yield Finding(NOTE, "packages", f"{package} is not installed, its code is found all the same", "pip install .")
        return
    needed = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = [said for one in needed if (said := _lacking(one.name, str(one.specifier)))]
    if wrong:
        advice = "make the environment anew: pip install -c constraints.txt ."
        yield Finding(BROKEN, "packages", "; ".join(wrong), advice)
    else:
        yield Finding(GOOD, "packages", f"{len(needed)} that are needed are there")


def gpu(device: str) -> Iterator[Finding]:
    """device: as in the settings; `cuda` has to be there."""
    import torch

    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        try:
            torch.ones(8, device="cuda").sum().item()
        except RuntimeError as error:
            said = f"{', '.join(names)}: does not compute ({str(error).splitlines()[0]})"
            yield Finding(BROKEN, "GPU", said, "another torch for this driver, or device=cpu")
            return
        yield Finding(GOOD, "GPU", f"{', '.join(names)}; torch {torch.__version__}, CUDA {torch.version.cuda}")
        return
    built = f"torch {torch.__version__}, {'CUDA ' + torch.version.cuda if torch.version.cuda else 'for CPUs alone'}"
    if shutil.which("nvidia-smi"):
        yield Finding(BROKEN, "GPU", f"the driver is there, but torch finds no GPU; {built}", "install torch for CUDA")
    elif device == "cuda":
        yield Finding(
            BROKEN, "GPU", f"device=cuda, but there is none here; {built}", "device=cpu, or look in a GPU job"
        )
    else:
        yield Finding(GOOD, "GPU", f"none here: CPUs are used; {built}")


def queue() -> Iterator[Finding]:
    """Slurm, as this machine sees it."""
    job = os.environ.get("SLURM_JOB_ID")
    if job:
        yield Finding(GOOD, "Slurm job", f"{job} on {os.environ.get('SLURM_JOB_NODELIST', platform.node())}")
    if not slurm.is_there():
        yield Finding(
            GOOD if job else NOTE, "Slurm", "not on this machine", "" if job else "jobs are submitted elsewhere"
        )
        return
    try:
        found = slurm.partitions()
        yield Finding(GOOD, "Slurm", slurm.version())
    except ScreeningError as error:
        yield Finding(NOTE, "Slurm", f"installed, but does not answer ({error})", "ask who runs the cluster")
        return
    for line in found[1:]:
        yield Finding(GOOD, "partition", line)


def model(key: str, name: str, check: Callable[[str], Path]) -> Iterator[Finding]:
    """A released model: whether it can be loaded, and the hash of its folder, the same on every machine.

    key: the setting that names it. check: loads it and gives its folder; raises ScreeningError for what is wrong.
    """
    if name == NOTHING:
        return
    if name.startswith(PREFIX):
        advice = (
            "`screening submit` fetches it beforehand; a job of your own on a machine without network needs a folder"
        )
        yield Finding(NOTE, key, f"{name} comes from MLflow; it was not looked at", advice)
        return
    try:
        yield Finding(GOOD, key, f"{name}, SHA-256 {sha256(check(name))[:16]}")
    except ScreeningError as error:
        yield Finding(BROKEN, key, str(error), f"{key}=NAME or FOLDER of a release that is whole; copy it anew")


def tracking(settings: TrackingSettings) -> Iterator[Finding]:
    """Where runs are recorded: whether it answers."""
    try:
        uri = tracking_uri(settings)
        file = sqlite_path(uri)
        if uri == OFF:
            yield Finding(GOOD, "MLflow", "off")
        elif file is not None and not file.exists():
            # connecting would make it
            yield from _writable("MLflow", file.parent, f"{file} will be made")
        else:
            connect(uri)
            yield Finding(GOOD, "MLflow", f"{shown_uri(uri)} answers")
    except ScreeningError as error:
        yield Finding(
            BROKEN, "MLflow", str(error), "tracking=none now, `screening log` later; or another tracking.uri="
        )


def disk(folder: Path) -> Iterator[Finding]:
    """Space and the right to write where results go, or in the nearest folder above it that is there."""
    there = next(path for path in [folder.absolute(), *folder.absolute().parents] if path.exists())
    free = shutil.disk_usage(there).free / _GB
    if free < _LEAST_GB:
        yield Finding(BROKEN, "disk", f"{free:.1f} GB free in {there}", "make room, or another output_dir=")
        return
    yield from _writable("disk", there, f"{free:,.0f} GB free in {there}", NOTE if free < _ENOUGH_GB else GOOD)


def _writable(what: str, folder: Path, said: str, state: int = GOOD) -> Iterator[Finding]:
    try:
        with tempfile.TemporaryFile(dir=folder):
            yield Finding(state, what, said)
    except OSError as error:
        advice = "another folder that you, and the jobs, may write to"
        yield Finding(BROKEN, what, f"{folder} cannot be written to ({error.strerror})", advice)


def _lacking(name: str, specifier: str) -> str:
    from packaging.specifiers import SpecifierSet

    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is missing"
    return "" if SpecifierSet(specifier).contains(found, prereleases=True) else f"{name} {found}, needs {specifier}"
