"""Keys of `screening barriers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from screening.configuration.base import ClassKeys, CommandConfig
from screening.errors import RequestError
from screening.settings import setting, settings_class

PREDICTOR = "barrier"
"""The kind of predictor that describes given paths; its key chooses the release."""


@settings_class
class BarriersConfig(ClassKeys, CommandConfig):
    """Predict the migration barriers of ions along given paths, with 80 % intervals, into a Parquet table.

    A row of the input holds id, ion, lattice, species and frac (the frame without the moving ion) and path_frac (five
    points of the ion, from site to site). Rows that cannot be used are listed with the reason in FILE.rejected.csv
    beside the output. The same command again goes on where it was stopped.

    Examples:
      screening barriers paths=paths.jsonl.gz output=barriers.parquet
      screening barriers paths="my paths.jsonl" output=out.parquet barrier=my_release device=cuda
    """

    command: ClassVar[str] = "barriers"

    paths: str = setting(help="paths, one JSON object a line: FILE.jsonl, also compressed (.gz, .xz, .zst)", path=True)
    output: str = setting(help="table to write, FILE.parquet", path=True)

    @classmethod
    def extended(cls, tree: Mapping[str, Any]) -> type[Self]:
        from screening.configuration.class_keys import class_schema

        return class_schema(cls, "", (PREDICTOR,))

    @property
    def goes_on(self) -> bool:
        return True

    def finish(self) -> Self:
        if not self.output.endswith(".parquet"):
            raise RequestError(f"output={self.output}: expected a file name that ends in .parquet")
        return self
