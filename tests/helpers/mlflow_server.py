"""A real MLflow server for tests: started on a free port, waited for no longer than a minute, always stopped."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("mlflow")
_START_SECONDS = 90.0


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a server on a SQLite file in the folder, without passwords."""
    store = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "files")]
    with _running(lambda port: [str(PROGRAM), "server", *store, "--port", str(port), "--workers", "1"], folder) as uri:
        yield uri


@contextmanager
def serving_a_team(folder: Path, database: str | None = None) -> Iterator[str]:
    """The address of a server as scripts/serve_mlflow.sh starts it; the user is `admin`."""
    pytest.importorskip("flask_wtf", reason="mlflow[auth] is not installed")
    script = Path(__file__).parents[2] / "scripts" / "serve_mlflow.sh"
    settings = {"MLFLOW": str(PROGRAM)} | ({"DATABASE": database} if database else {})
    with _running(lambda port: [str(script), str(folder), str(port)], folder, settings) as uri:
        yield uri


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The address of an empty database; the test is skipped where PostgreSQL is not installed."""
    pytest.importorskip("psycopg2", reason="psycopg2 is not installed")
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    # It refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    data, port = folder / "data", free_port()
    folder.mkdir(parents=True, exist_ok=True)
    if user is not None:
        shutil.chown(folder, user)
        for parent in folder.parents:
            if parent.stat().st_uid == os.geteuid() and parent != Path(parent.root):
                parent.chmod(parent.stat().st_mode | 0o011)
    password = folder / "password"
    password.write_text("secret")
    password.chmod(0o644)
    make = ["--pgdata", str(data), "--username", "team", "--auth", "scram-sha-256", "--pwfile", str(password)]
    subprocess.run([programs / "initdb", *make], user=user, cwd=folder, check=True, capture_output=True, timeout=120)
    options = ["-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-c", "fsync=off"]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen([programs / "postgres", *options], user=user, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_for_port(port, process)
        yield f"postgresql+psycopg2://team:secret@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def free_port() -> int:
    """A port of this machine that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def _running(
    command: Callable[[int], Sequence[str]], folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", **(settings or {})}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command(port), stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        _wait_until_healthy(uri, process, folder / "server.log")
        yield uri
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


def _wait_until_healthy(uri: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"{uri}/health", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the MLflow server did not start:\n{log.read_text()[-3000:]}")


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("PostgreSQL did not start")


def _postgresql_programs() -> Path | None:
    """The folder of initdb and postgres: the newest of Debian's, else where the shell finds them."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    found = shutil.which("initdb")
    candidates = [*reversed(folders), *([Path(found).resolve().parent] if found else [])]
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)
