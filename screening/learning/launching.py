"""Finds out who started the processes of a training run: Slurm or the first process."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lightning.fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment

from screening.errors import RequestError


@dataclass(frozen=True)
class Launch:
    """How the processes of a run were started.

    Attributes:
        nodes: Number of nodes.
        environment: How each process finds its rank; empty to let Lightning find out.
    """

    nodes: int = 1
    environment: tuple[ClusterEnvironment, ...] = ()


def detect_launch(devices: int) -> Launch:
    """Find out how the `devices` processes of this run were started.

    Raises:
        RequestError: If a Slurm job step has another number of tasks; each would train a separate model.
    """
    tasks, nodes = (int(os.environ.get(f"SLURM_STEP_NUM_{what}", "1")) for what in ("TASKS", "NODES"))
    if tasks == 1:
        # in a job without `srun`, Slurm's variables give the number of possible tasks
        return Launch(1, (LightningEnvironment(),) if "SLURM_NTASKS" in os.environ else ())
    if tasks != devices:
        raise RequestError(f"trainer.devices={devices}: Slurm started {tasks} processes; set trainer.devices={tasks}")
    # the training job requeues itself; Lightning must not
    return Launch(nodes, (SLURMEnvironment(auto_requeue=False),))
