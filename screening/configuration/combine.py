"""Keys of `screening combine`."""

from __future__ import annotations

from typing import ClassVar, Self

from screening.configuration.base import MODEL_HELP, CommandConfig
from screening.configuration.shared_sections import split_column, split_file
from screening.errors import RequestError
from screening.settings import setting, settings_class


@settings_class
class CombinedDataConfig:
    """The crystals that set the intervals of a combined model."""

    path: str = setting(help="the store that the models were trained on", path=True)
    max_crystals: int | None = setting(
        default=None, help="use only that many crystals of each split; null: all", minimum=1
    )
    split_file: str | None = split_file()
    split_column: str = split_column()


@settings_class
class CombineConfig(CommandConfig):
    """Make one model of several that differ in their seed: their mean predicts, and new intervals are set.

    Examples:
      screening combine models=[runs/seed1/model,runs/seed2/model] data.path=stores/mp output_dir=runs/both name=both
    """

    command: ClassVar[str] = "combine"

    models: list[str] = setting(help=f"the models: each a {MODEL_HELP}")
    output_dir: str = setting(help="folder for the combined model", path=True)
    name: str | None = setting(default=None, help="name of the model; null: that of output_dir")
    data: CombinedDataConfig

    def finish(self) -> Self:
        if len(self.models) < 2:
            raise RequestError("models: expected two or more, for example models=[runs/seed1/model,runs/seed2/model]")
        return self
