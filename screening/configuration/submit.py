"""Keys of `screening submit`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import field
from typing import Any, ClassVar

from screening.configuration.base import CommandConfig
from screening.configuration.overrides import named
from screening.settings import setting, settings_class

_OWN = ("cluster", "dry_run", "job")


@settings_class
class ClusterConfig:
    """What a job asks Slurm for."""

    partition: str | None = setting(default=None, help="partition; null: Slurm's default")
    account: str | None = setting(default=None, help="account that pays; null: yours by default")
    qos: str | None = setting(default=None, help="quality of service; null: yours by default")
    nodes: int = setting(default=1, help="nodes that train together; a shard of a ranking takes one", minimum=1)
    gpus: int = setting(default=0, help="GPUs of each node, with a process for each; 0: CPUs only", minimum=0)
    cpus_per_task: int = setting(default=8, help="CPU cores of each process", minimum=1)
    memory: str | None = setting(default=None, help="memory of each node, such as 32G; null: as the partition says")
    time: str | None = setting(default=None, help="time limit, such as 04:00:00; null: as the partition says")
    signal_seconds: int = setting(
        default=120,
        help="seconds before its time limit at which a job saves its work and goes back into the queue",
        minimum=10,
    )
    at_once: int | None = setting(
        default=None, help="shards that may run at the same time; null: as many as Slurm allows", minimum=1
    )
    environment: str = setting(
        default="",
        help="shell line that makes `screening` known, such as `module load ...`; empty: the programs of this Python",
    )
    container: str = setting(
        default="", help="what to put before the command, such as `apptainer exec --nv screening.sif`"
    )
    options: str = setting(default="", help="further options of sbatch, such as `--constraint=a100 --exclusive`")


@settings_class
class SubmitConfig(CommandConfig):
    """Submit a ranking or a training to Slurm; with dry_run=true show the job's scripts instead.

    Everything but cluster=, cluster.* and dry_run= belongs to the command. Models, data, earlier results in output_dir
    and the scripts are checked first, these by Slurm itself: a wrong request queues nothing. `rank` with shards=N
    becomes an array of jobs, one that joins the shards, and one that reports if a shard fails. The same command again
    submits only what is not done yet. Scripts, logs and job ids are kept in output_dir/jobs; `screening status` shows
    how far the jobs are.

    Examples:
      screening submit rank task={task} candidates=rows.jsonl.gz output_dir=runs/all shards=8 cluster.partition=gpu
      screening submit rank task={task} candidates=rows.jsonl.gz output_dir=runs/all shards=64 cluster=slurm_cpu
      screening submit train data.path=stores/mp output_dir=runs/mine cluster.gpus=4 cluster.nodes=2 dry_run=true
    """

    command: ClassVar[str] = "submit"
    positional: ClassVar[str] = "job"

    job: str = setting(help="what to run; the key may be left out", choices=("rank", "train"))
    dry_run: bool = setting(default=False, help="check everything, show the scripts, queue and write nothing")
    cluster: ClusterConfig = field(default_factory=ClusterConfig)
    arguments: str = setting(default="", help="arguments of that command: taken from the rest of the line")

    @classmethod
    def sort(cls, arguments: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
        own: list[str] = []
        others: list[str] = []
        for argument in named(arguments, cls.positional):
            key = argument.lstrip("+~").partition("=")[0].partition(".")[0]
            (own if key in _OWN else others).append(argument)
        return own, {"arguments": shlex.join(others)}

    @property
    def passed_on(self) -> list[str]:
        """The arguments of the command, as typed."""
        return shlex.split(self.arguments)
