"""Shared by all tests: reproducible property tests, skips without a GPU, the command line as a user runs it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.slurm import private_slurm, slurm  # noqa: F401 - fixtures
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# Shared machines stall now and then: a slow example is no failure. Derandomised, so that a red test stays red.
settings.register_profile(
    "screening", deadline=None, derandomize=True, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("screening")

_SPREAD = ("test_architecture.py", "test_commands.py", "test_composing.py", "test_help.py")
"""Modules of many tests that set nothing up."""

RunScreening = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:  # what a module sets up is set up once, not once in each process
        if item.get_closest_marker("xdist_group") is None and item.path.name not in _SPREAD:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    marked = [item for item in items if item.get_closest_marker("cuda")]
    if not marked or _cuda():
        return
    for item in marked:
        item.add_marker(pytest.mark.skip(reason="no CUDA device"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def screening(tmp_path: Path) -> RunScreening:
    """Runs `screening ARGUMENTS` in a process of its own, in an empty folder; returns status, output and errors."""

    def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
        return subprocess.run(
            [sys.executable, "-m", "screening", *arguments],
            **{"cwd": tmp_path, "env": environment, "capture_output": True, "text": True, "timeout": 120, **options},  # type: ignore[call-overload]
        )

    return run


def _cuda() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()
