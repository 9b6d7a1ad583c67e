"""One MLflow store and one server for all tests of a session; each test has its own experiment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.mlflow_server import serving

from screening.tracking.address import TrackingSettings

ROOT = Path(__file__).parents[2]
FIRST_RUN = """
import pathlib, sys
from screening.tracking.runs import TrackingSettings, open_run
with open_run(TrackingSettings(sys.argv[1]), pathlib.Path(sys.argv[2]), "first", {}):
    pass
"""


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """The run that creates the SQLite file, which takes seconds; other tests use it too."""
    folder = tmp_path_factory.mktemp("store")
    command = [sys.executable, "-c", FIRST_RUN, f"sqlite:///{folder}/mlflow.db", str(folder / "out")]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.fixture
def store(first_run: subprocess.CompletedProcess[str], request: pytest.FixtureRequest) -> TrackingSettings:
    """A separate experiment for the test."""
    return TrackingSettings(first_run.args[3], request.node.name)


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server."""
    with serving(tmp_path_factory.mktemp("mlflow_server")) as uri:
        yield uri
