"""Checks of what surrounds a job: its user, environment variables and limits."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from screening.cluster.health import BROKEN, NOTE, Finding
from screening.console import home_in_place
from screening.tracking.address import EXPERIMENT_VARIABLE, URI_VARIABLE, TrackingSettings, shown_uri

_FEW_FILES = 256
_ONLY_OWN = 0o077


def surroundings() -> Iterator[Finding]:
    """What is unusual about the user, the environment and the limits of this process; nothing if all is as usual."""
    yield from _home()
    yield from _temporary_files()
    yield from _python()
    yield from _variables()
    yield from _limits()


def tracking_variables(settings: TrackingSettings) -> Iterator[Finding]:
    """Whether MLflow's own environment variables are used, where they are set."""
    if uri := os.environ.get(URI_VARIABLE, "").strip():
        used = not settings.uri.strip()
        said = f"{URI_VARIABLE}={shown_uri(uri)} is {'used' if used else 'not used: tracking.uri= says otherwise'}"
        yield Finding(NOTE, "MLflow", said, "give tracking.uri= to record elsewhere" if used else "")
    if name := os.environ.get(EXPERIMENT_VARIABLE, "").strip():
        used = settings.experiment == TrackingSettings().experiment
        said = f"{EXPERIMENT_VARIABLE}={name} is {'used' if used else 'not used: tracking.experiment= says otherwise'}"
        yield Finding(NOTE, "MLflow", said)


def _home() -> Iterator[Finding]:
    advice = "export HOME=FOLDER, one that you and the jobs can write to"
    try:
        home = Path.home()
    except RuntimeError:
        yield Finding(NOTE, "home", f"user {os.getuid()} has no home folder, and HOME is not set", advice)
        return
    with suppress(OSError):  # no place for temporary files: another finding
        if home == home_in_place():
            yield Finding(NOTE, "home", f"user {os.getuid()} has no home folder; {home} stands in", advice)
    if not os.access(home, os.W_OK | os.X_OK):
        yield Finding(NOTE, "home", f"{home} cannot be written to, so libraries keep their caches elsewhere", advice)


def _temporary_files() -> Iterator[Finding]:
    wanted = os.environ.get("TMPDIR", "")
    try:
        found = tempfile.gettempdir()
    except OSError:
        yield Finding(
            BROKEN, "TMPDIR", "no folder for temporary files can be written to", "export TMPDIR=FOLDER, one that can"
        )
        return
    if wanted and Path(wanted) != Path(found):
        yield Finding(
            NOTE, "TMPDIR", f"{wanted} cannot be written to; {found} is used", f"make {wanted}, or unset TMPDIR"
        )


def _python() -> Iterator[Finding]:
    if sys.flags.optimize >= 2:
        yield Finding(NOTE, "Python", "runs without docstrings, so help texts are short", "unset PYTHONOPTIMIZE")
    if any(option.startswith("error") for option in sys.warnoptions):
        yield Finding(
            NOTE, "Python", "warnings of libraries are to be errors; the commands do not follow", "unset PYTHONWARNINGS"
        )
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if not encoding.lower().replace("-", "").startswith("utf"):
        said = f"the terminal shows {encoding}: other characters are escaped there, and in no file"
        yield Finding(NOTE, "terminal", said, "export LC_ALL=C.UTF-8, and unset PYTHONIOENCODING")


def _variables() -> Iterator[Finding]:
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        threads = os.environ.get(name, "1")
        if not threads.replace(",", "").isdecimal():
            yield Finding(NOTE, name, f"{threads!r} is no number: not followed", f"export {name}=1, or unset it")
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        yield Finding(NOTE, "GPU", "CUDA_VISIBLE_DEVICES hides every GPU", "unset CUDA_VISIBLE_DEVICES")


def _limits() -> Iterator[Finding]:
    umask = os.umask(0)
    os.umask(umask)
    if umask & _ONLY_OWN == _ONLY_OWN:
        yield Finding(NOTE, "umask", f"{umask:03o}: nobody else can read the results", "umask 027 if a team should")
    try:
        import resource
    except ImportError:  # not on Windows
        return
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < _FEW_FILES:
        yield Finding(NOTE, "open files", f"at most {files} at a time", f"ulimit -n {min(most, 1024)}")
