"""Keys of `screening status`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from screening.configuration.base import CommandConfig
from screening.configuration.fields import setting


@dataclass
class StatusConfig(CommandConfig):
    """Show how far a ranking or a training is, what its jobs do, why those that failed did, and what to do next.

    Reads what lies in output_dir; where Slurm answers, also the states of the jobs that `screening submit` queued.

    Examples:
      screening status runs/all
    """

    command: ClassVar[str] = "status"
    module: ClassVar[str] = "status"
    positional: ClassVar[str] = "output_dir"

    output_dir: str = setting(help="folder of a ranking or a training, running or not", path=True)
    lines: int = setting(5, help="last lines to show of the log of a job that failed", minimum=0)
