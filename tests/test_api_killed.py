"""A job that is killed while it writes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from helpers.models import tiny_release

from screening.tracking.ranking_folder import FILES


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_release(tmp_path_factory.mktemp("released") / "tiny"))


@pytest.mark.ci
@pytest.mark.parametrize("call", ["predict(items(), folder / 't.parquet', ", "rank(items(), 'magnets', folder, "])
def test_a_killed_job_leaves_old_results_whole_and_no_new_ones(model: str, tmp_path: Path, call: str) -> None:
    old = ["t.parquet", *FILES]
    for name in old:
        (tmp_path / name).write_text("old")
    script = f"""
        import os, signal, sys
        from pathlib import Path
        import numpy as np
        import screening
        from screening.crystals import Crystal

        def items():
            for i in range(400):
                yield Crystal.from_arrays(f"c{{i}}", np.eye(3) * (2.5 + 1e-3 * i), [26], [[0, 0, 0]])
            print("killed", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

        folder = Path(sys.argv[1])
        screening.{call}model=sys.argv[2], batch_atoms=16, tracking="none")
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path), model],
        capture_output=True, text=True, env=environment, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "killed\n"), done.stderr
    assert all((tmp_path / name).read_text() == "old" for name in old)
    hidden = {path.name for path in tmp_path.iterdir() if path.name.startswith(".")}  # the lock, parts
    assert {path.name for path in tmp_path.iterdir()} - hidden <= {*old}
