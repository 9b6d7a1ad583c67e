"""Shared by all tests: reproducible property tests, skips without a GPU, the command line as a user runs it."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

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
"""Modules of many tests that set nothing up; what others set up is set up once, not once in each process."""

RunScreening = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.hookimpl(optionalhook=True)  # of xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a group in one process.

    xdist hands the groups from process to process as a part of the tests' names, which pytest 9.2 does not let it
    change: the groups would be split without a word.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return ByGroup(config, log)


def group_of(nodeid: str) -> str:
    """The tests that run in the same process as this one: those of its module, or of the group that a module names."""
    path = nodeid.partition("::")[0]
    return nodeid if path.rpartition("/")[2] in _SPREAD else _named_group(path) or path


@cache
def _named_group(path: str) -> str:
    found = re.search(r"""xdist_group\("(\w+)"\)""", (ROOT / path).read_text(encoding="utf-8"))
    return found[1] if found else ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
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
