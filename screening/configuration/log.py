"""Keys of `screening log`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from screening.configuration.base import CommandConfig
from screening.configuration.fields import setting


@dataclass
class LogConfig(CommandConfig):
    """Record a finished ranking in MLflow, where it was made while the server was down or with tracking=none.

    Repeating it is harmless: runs are found again and filled, never made twice, and what reviewers decided stays.

    Examples:
      screening log runs/magnets
      screening log runs/magnets tracking.uri=http://mlflow.example:5000
    """

    command: ClassVar[str] = "log"
    module: ClassVar[str] = "log"
    positional: ClassVar[str] = "output_dir"

    output_dir: str = setting(help="folder of a finished `screening rank`; the key may be left out", path=True)
