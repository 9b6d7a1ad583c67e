"""What a real Slurm does with our jobs: accepted, run, refused, killed, requeued."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.slurm import Slurm

pytestmark = pytest.mark.xdist_group("slurm")


def test_a_job_is_run(slurm: Slurm, tmp_path: Path) -> None:
    job = slurm.call("sbatch", "--parsable", f"--output={tmp_path}/log", "--wrap=srun echo done").strip()
    assert slurm.wait(job) == {job: "COMPLETED"}
    assert (tmp_path / "log").read_text() == "done\n"
