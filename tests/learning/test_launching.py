"""Processes started by Slurm are counted; otherwise the first process starts the others."""

from __future__ import annotations

import pytest
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment

from screening.errors import RequestError
from screening.learning.launching import detect_launch


@pytest.fixture(autouse=True)
def slurm_job(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The batch script of a job with four tasks on two nodes."""
    for name in ("TASKS", "NODES"):
        monkeypatch.delenv(f"SLURM_STEP_NUM_{name}", raising=False)
    for name, value in {"SLURM_NTASKS": "4", "SLURM_NTASKS_PER_NODE": "2", "SLURM_JOB_NAME": "train"}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_step_of_several_tasks_is_the_run(slurm_job: pytest.MonkeyPatch) -> None:
    slurm_job.setenv("SLURM_STEP_NUM_TASKS", "4")
    slurm_job.setenv("SLURM_STEP_NUM_NODES", "2")
    found = detect_launch(4)
    assert found.nodes == 2
    (environment,) = found.environment
    assert isinstance(environment, SLURMEnvironment) and not environment.auto_requeue
    with pytest.raises(RequestError, match=r"trainer.devices=1: Slurm started 4 processes; set trainer.devices=4"):
        detect_launch(1)


@pytest.mark.parametrize("devices", [1, 2])
def test_without_srun_the_first_process_starts_the_others(slurm_job: pytest.MonkeyPatch, devices: int) -> None:
    """Slurm's variables then count tasks that nobody started; a step with one task starts them too."""
    for tasks in ("", "1"):
        if tasks:
            slurm_job.setenv("SLURM_STEP_NUM_TASKS", tasks)
        found = detect_launch(devices)
        assert found.nodes == 1 and isinstance(found.environment[0], LightningEnvironment)


def test_outside_slurm_lightning_finds_out(slurm_job: pytest.MonkeyPatch) -> None:
    slurm_job.delenv("SLURM_NTASKS")
    assert detect_launch(2).environment == ()
