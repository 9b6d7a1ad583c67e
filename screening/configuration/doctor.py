"""Keys of `screening doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from screening.configuration.base import MODEL_HELP, CommandConfig, magnetism_key
from screening.configuration.fields import setting


@dataclass
class DoctorConfig(CommandConfig):
    """Look for what would make a job fail: Python and its packages, GPU, Slurm, models, tracking server, disk.

    Run it where jobs are submitted and, as a job, on the machines that run them: a compute node has no network, and
    nothing is downloaded, neither here nor there. Exit status 1 if something is broken, with what to do about it.

    Examples:
      screening doctor
      screening doctor output_dir=runs model=runs/mine/model tracking.uri=http://mlflow.lab:5000
    """

    command: ClassVar[str] = "doctor"
    module: ClassVar[str] = "doctor"

    output_dir: str = setting(".", help="where results will go", path=True)
    model: str = setting("screening-v3", help=MODEL_HELP, path=True)
    magnetism: str = magnetism_key()
    voltage: str = setting("voltage-v1", help="what predicts voltages: released name, folder, or none", path=True)
