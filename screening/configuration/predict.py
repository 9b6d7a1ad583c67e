"""Keys of `screening predict`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from screening.configuration.base import ScoringConfig
from screening.errors import RequestError
from screening.settings import setting, settings_class


@settings_class
class PredictConfig(ScoringConfig):
    """Predict properties of crystals, with 80 % intervals, into a Parquet table.

    Inputs that cannot be used are listed with the reason in OUTPUT.rejected.csv beside it. OUTPUT.run.json has the
    settings, versions and hashes; the table's own metadata has them too.

    Examples:
      screening predict candidates=crystals.zip output=predictions.parquet
      screening predict candidates="my crystals/" output=out.parquet order=true device=cpu
    """

    command: ClassVar[str] = "predict"

    output: str = setting(help="table to write, FILE.parquet", path=True)

    @classmethod
    def extended(cls, tree: Mapping[str, Any]) -> type[Self]:
        from screening.configuration.class_keys import class_schema, general_predictors

        return class_schema(cls, "", general_predictors())

    def finish(self) -> Self:
        if not self.output.endswith(".parquet"):
            raise RequestError(f"output={self.output}: expected a file name that ends in .parquet")
        return self
