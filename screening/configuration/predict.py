"""Keys of `screening predict`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from screening.configuration.base import ScoringConfig
from screening.configuration.fields import setting
from screening.errors import RequestError


@dataclass
class PredictConfig(ScoringConfig):
    """Predict properties of crystals, with 80 % intervals, into a Parquet table.

    Inputs that cannot be used are listed with the reason in OUTPUT.rejected.csv beside it.

    Examples:
      screening predict candidates=crystals.zip output=predictions.parquet
      screening predict candidates="my crystals/" output=out.parquet order=true device=cpu
    """

    command: ClassVar[str] = "predict"
    module: ClassVar[str] = "predict"

    output: str = setting(help="table to write, FILE.parquet", path=True)

    def finish(self) -> None:
        if not self.output.endswith(".parquet"):
            raise RequestError(f"output={self.output}: expected a file name that ends in .parquet")
