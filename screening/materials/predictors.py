"""The released predictors that a job uses together: what each adds to the table of a batch of crystals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from screening.crystals import Crystal, Rejection
from screening.materials.base import LearnedPredictor
from screening.materials.registry import predictor_kind
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential
from screening.relaxation.stream import relaxed

Stage = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class CandidateTable:
    """Crystals of a batch that stay candidates, their table, and the others with the reason."""

    crystals: list[Crystal]
    table: pl.DataFrame
    refused: list[Rejection]


@dataclass(frozen=True)
class Predictors:
    """Everything that a job predicts with.

    Attributes:
        network: Of the properties of any crystal.
        learned: The predictors of material classes by name, in the order in which they run.
        potential: What relaxes crystals first; None takes them as they are.
    """

    network: Predictor
    learned: Mapping[str, LearnedPredictor] = field(default_factory=dict)
    potential: Potential | None = None

    def prepared(self, items: Iterable[Crystal | Rejection]) -> Iterable[Crystal | Rejection]:
        """The crystals to predict, relaxed if a potential is there."""
        return items if self.potential is None else relaxed(items, self.potential)

    def describe(self, crystals: list[Crystal], table: pl.DataFrame, stage: Stage) -> CandidateTable:
        """Add the columns of the learned predictors to the network's table; `stage` books their time."""
        rejections: list[Rejection] = []
        for name, predictor in self.learned.items():
            with stage(name):
                found = predictor.describe(crystals)
            table = _joined(table, found.columns)
            where = predictor_kind(name, "predictors").refusal_stage or name
            for row, reason in found.refused.items():
                rejections.append(Rejection(crystals[row].candidate_id, crystals[row].source, where, reason))
            if found.refused:
                kept = [row for row in range(len(crystals)) if row not in found.refused]
                crystals, table = [crystals[row] for row in kept], table[np.array(kept, dtype=np.int64)]
        return CandidateTable(crystals, table, rejections)

    def no_rows(self) -> pl.DataFrame:
        """The same table without any row."""
        table = self.network.predict([])
        for predictor in self.learned.values():
            table = _joined(table, predictor.describe([]).columns)
        return table

    @property
    def folders(self) -> dict[str, Path]:
        """Where each release was loaded from."""
        found = {"model": self.network.folder, **{name: known.folder for name, known in self.learned.items()}}
        return {name: folder for name, folder in found.items() if folder is not None}


def _joined(table: pl.DataFrame, columns: list[pl.Series]) -> pl.DataFrame:
    """The table with more columns; flags come behind those that it has."""
    added = {column.name: column for column in columns}
    flags = added.pop("flags", None)
    table = table.with_columns(added.values())
    if flags is None:
        return table
    both = pl.concat_str("flags", "_more_flags", separator=";", ignore_nulls=True).str.strip_chars(";")
    return table.with_columns(flags.alias("_more_flags")).with_columns(flags=both).drop("_more_flags")
