"""Keys of `screening reduce`."""

from __future__ import annotations

from typing import ClassVar

from screening.configuration.base import CommandConfig
from screening.settings import setting, settings_class


@settings_class
class ReduceConfig(CommandConfig):
    """Join the shards of a ranking, once all are scored: the same files as `screening rank` on one machine.

    Shards are scored by `screening rank` with shards=N and shard=0 to N-1; the settings are those that they were scored
    with. If shards are missing, they are named. Repeating the command is harmless.

    Examples:
      screening reduce runs/all
    """

    command: ClassVar[str] = "reduce"
    positional: ClassVar[str] = "output_dir"
    runs_as_a_job: ClassVar[bool] = True

    output_dir: str = setting(help="output_dir of the shards", path=True)
    top: int = setting(default=20, help="rows of the table in the terminal", minimum=0)
