"""Keys of `screening status`."""

from __future__ import annotations

from typing import ClassVar

from screening.configuration.base import CommandConfig
from screening.settings import setting, settings_class


@settings_class
class StatusConfig(CommandConfig):
    """Show how far a ranking or a training is, the states of its jobs, why jobs failed, and what to do next.

    Reads the files in output_dir and, where there is Slurm, asks it for the jobs that `screening submit` queued.

    Examples:
      screening status runs/all
    """

    command: ClassVar[str] = "status"
    positional: ClassVar[str] = "output_dir"

    output_dir: str = setting(help="folder of a ranking or a training, running or not", path=True)
    lines: int = setting(default=5, help="last lines to show of the log of a job that failed", minimum=0)
