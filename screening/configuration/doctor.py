"""Keys of `screening doctor`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from screening.configuration.base import MODEL_HELP, ClassKeys, CommandConfig
from screening.settings import setting, settings_class


@settings_class
class DoctorConfig(ClassKeys, CommandConfig):
    """Check what jobs depend on: Python and its packages, GPU, Slurm, models, tracking server, disk.

    Run it where you submit jobs and, as a job, on a compute node. Nothing is downloaded, as a compute node may have no
    network. Exit status 1 if something is broken; what to do about it is printed.

    Examples:
      screening doctor
      screening doctor output_dir=runs model=runs/mine/model tracking.uri=http://mlflow.lab:5000
    """

    command: ClassVar[str] = "doctor"

    output_dir: str = setting(default=".", help="where results will go", path=True)
    model: str = setting(default="screening-v3", help=MODEL_HELP, path=True)

    @classmethod
    def extended(cls, tree: Mapping[str, Any]) -> type[Self]:
        from screening.configuration.class_keys import class_schema
        from screening.materials.registry import predictor_kinds

        return class_schema(cls, "", tuple(predictor_kinds()))
