"""Keys of `screening reduce`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from screening.configuration.base import CommandConfig
from screening.configuration.fields import setting


@dataclass
class ReduceConfig(CommandConfig):
    """Join the shards of a ranking, once all are scored: the same files as `screening rank` on one machine.

    Shards are scored by `screening rank` with shards=N and shard=0 to N-1, and give the settings. Repeating it is
    harmless. Names the shards that lack.

    Examples:
      screening reduce runs/all
    """

    command: ClassVar[str] = "reduce"
    module: ClassVar[str] = "reduce"
    positional: ClassVar[str] = "output_dir"

    output_dir: str = setting(help="folder that the shards were scored into", path=True)
    top: int = setting(20, help="rows of the table in the terminal", minimum=0)
