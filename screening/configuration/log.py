"""Keys of `screening log`."""

from __future__ import annotations

from typing import ClassVar

from screening.configuration.base import CommandConfig
from screening.settings import setting, settings_class


@settings_class
class LogConfig(CommandConfig):
    """Record a finished ranking in MLflow that was made while the server was down or with tracking=none.

    Repeating it is harmless: runs that exist are found and completed, and decisions of reviewers stay.

    Examples:
      screening log runs/mine
      screening log runs/mine tracking.uri=http://mlflow.example:5000
    """

    command: ClassVar[str] = "log"
    positional: ClassVar[str] = "output_dir"

    output_dir: str = setting(help="folder of a finished `screening rank`; the key may be left out", path=True)

    @property
    def goes_on(self) -> bool:
        return True
