"""The released predictors that a ranking uses together: what each adds to the table of a batch of crystals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from screening.crystals import Crystal, Rejection
from screening.crystals.packed import pack
from screening.materials.electrodes.predictor import ElectrodePredictor
from screening.materials.magnets.magnetism import MagnetismPredictor
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential
from screening.relaxation.stream import relaxed

Stage = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class Described:
    """Crystals of a batch that stay candidates, their table, and the others with the reason."""

    crystals: list[Crystal]
    table: pl.DataFrame
    refused: list[Rejection]


@dataclass(frozen=True)
class Predictors:
    """network: of properties; magnetism, electrodes: None where a task does not ask for them; potential: what relaxes
    crystals first, None to take them as they are.
    """

    network: Predictor
    magnetism: MagnetismPredictor | None = None
    electrodes: ElectrodePredictor | None = None
    potential: Potential | None = None

    def prepared(self, items: Iterable[Crystal | Rejection]) -> Iterable[Crystal | Rejection]:
        """The crystals to predict, relaxed if a potential is there."""
        return items if self.potential is None else relaxed(items, self.potential)

    def describe(self, crystals: list[Crystal], table: pl.DataFrame, stage: Stage) -> Described:
        """Add the columns that the further predictors give to the network's table; stage: books their time."""
        refused: list[Rejection] = []
        if self.magnetism is not None:
            with stage("magnetism"):
                table = table.with_columns(self.magnetism.columns(pack(crystals)))
        if self.electrodes is not None:
            with stage("electrodes"):
                found = self.electrodes.describe(crystals)
            table = _with_flags(table.with_columns(found.columns))
            refused = [
                Rejection(crystals[row].candidate_id, crystals[row].source, "electrode", reason)
                for row, reason in found.refused.items()
            ]
            kept = [row for row in range(len(crystals)) if row not in found.refused]
            crystals, table = [crystals[row] for row in kept], table[np.array(kept, dtype=np.int64)]
        return Described(crystals, table, refused)

    def no_rows(self) -> pl.DataFrame:
        """The same table without any row."""
        table = self.network.predict([])
        if self.magnetism is not None:
            table = table.with_columns(self.magnetism.no_rows())
        if self.electrodes is not None:
            table = _with_flags(table.with_columns(self.electrodes.no_rows()))
        return table

    @property
    def folders(self) -> dict[str, Path]:
        """Where each release was loaded from."""
        found: dict[str, Path | None] = {
            "model": self.network.folder,
            "magnetism": self.magnetism.folder if self.magnetism is not None else None,
            "voltage": self.electrodes.folder if self.electrodes is not None else None,
        }
        return {name: folder for name, folder in found.items() if folder is not None}


def _with_flags(table: pl.DataFrame) -> pl.DataFrame:
    """The flags of both ends of an electrode among the others."""
    both = pl.concat_str([pl.col("flags"), pl.col("electrode_flags")], separator=";", ignore_nulls=True)
    return table.with_columns(flags=both.str.strip_chars(";")).drop("electrode_flags")
