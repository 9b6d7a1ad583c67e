"""Who starts the processes of a training run: Slurm, one for each task of a job step, or the first of them."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lightning.fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment

from screening.errors import RequestError


@dataclass(frozen=True)
class Launch:
    """nodes: over which the processes are spread; environment: how each finds its rank, empty: Lightning finds out."""

    nodes: int = 1
    environment: tuple[ClusterEnvironment, ...] = ()


def launched(devices: int) -> Launch:
    """How the `devices` processes of this run came to be.

    Raises RequestError in a step of a Slurm job with another number of tasks: each would train a model of its own.
    """
    tasks, nodes = (int(os.environ.get(f"SLURM_STEP_NUM_{what}", "1")) for what in ("TASKS", "NODES"))
    if tasks == 1:
        # in a job without `srun`, Slurm's variables tell of the tasks that there could be
        return Launch(1, (LightningEnvironment(),) if "SLURM_NTASKS" in os.environ else ())
    if tasks != devices:
        raise RequestError(f"trainer.devices={devices}: Slurm started {tasks} processes; give trainer.devices={tasks}")
    # requeueing has one owner, and that is not Lightning
    return Launch(nodes, (SLURMEnvironment(auto_requeue=False),))
