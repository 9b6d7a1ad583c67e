"""The predictors that a job uses together, and the columns that each adds to the table of a batch of crystals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl

from screening.array_types import Mask
from screening.crystals import Crystal, Rejection
from screening.crystals.standard_cell import standard_cell
from screening.materials.approximants import averaged, further_approximants
from screening.materials.base import LearnedPredictor
from screening.materials.predictor_kind import KnowsProperties, KnowsSettled, UsesNetwork
from screening.materials.registry import predictor_kind
from screening.materials.stages import FIRST, STAGE
from screening.networks.predictor import Predictor
from screening.potentials.base import Potential
from screening.relaxation.stream import relaxed

Stage = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class CandidateTable:
    """The candidates of a batch, their table, and the crystals that were refused."""

    crystals: list[Crystal]
    table: pl.DataFrame
    refused: list[Rejection]


@dataclass(frozen=True)
class Predictors:
    """Everything that a job predicts with.

    Attributes:
        network: Predicts the properties of any crystal.
        learned: The predictors of material classes by name, in the order in which they run.
        potential: Relaxes crystals first; None takes them as they are.
        quick: Those that stand in for learned ones of the same name in the first stage of a ranking.
        stage: The stage of a ranking that these are for, which its rows name; None without stages.
    """

    network: Predictor
    learned: Mapping[str, LearnedPredictor] = field(default_factory=dict)
    potential: Potential | None = None
    quick: Mapping[str, LearnedPredictor] = field(default_factory=dict)
    stage: int | None = None

    def at_first(self) -> Predictors:
        """The predictors of the first stage."""
        return replace(self, learned={**self.learned, **self.quick}, stage=FIRST)

    def for_relaxed(self, learned: Mapping[str, LearnedPredictor], stage: int) -> Predictors:
        """The predictors of a later stage, for crystals that are prepared already.

        Args:
            learned: Those that replace others of the same name.
            stage: Its number.
        """
        return replace(self, learned={**self.learned, **learned}, potential=None, stage=stage)

    @property
    def rough_columns(self) -> list[str]:
        """The columns that the second stage predicts anew."""
        return [column.name for name in self.quick for column in self.learned[name].describe([]).columns]

    def settled(self, table: pl.DataFrame) -> Mask:
        """Which rows of the first stage the second would repeat, (B,)."""
        every = [known.settled(table) for known in self.quick.values() if isinstance(known, KnowsSettled)]
        return np.all(every, axis=0) if every else np.zeros(table.height, dtype=bool)

    def prepared(self, items: Iterable[Crystal | Rejection]) -> Iterable[Crystal | Rejection]:
        """The crystals to predict, relaxed if there is a potential."""
        return items if self.potential is None else relaxed(items, self.potential)

    def describe(self, crystals: list[Crystal], table: pl.DataFrame, stage: Stage) -> CandidateTable:
        """Add the columns of the learned predictors to the table of the network.

        Those that do not take any cell get standard ones, so that the description of a crystal does not matter. All
        approximants of an alloy are predicted, and their rows averaged to one.

        Args:
            crystals: B crystals.
            table: The network's predictions for them.
            stage: Records the time of each predictor.
        """
        given, further = crystals, further_approximants(crystals)
        if further:
            crystals, table = [*given, *further], pl.concat([table, self.network.predict(further)])
        places = np.arange(len(crystals))
        reasons: dict[int, tuple[str, str]] = {}
        for name, predictor in self.learned.items():
            kind = predictor_kind(name, "predictors")
            with stage(kind.quick if predictor is self.quick.get(name) else name):
                cells = crystals if kind.any_cell else [standard_cell(c) for c in crystals]
                if isinstance(predictor, UsesNetwork):
                    found = predictor.describe_with(self.network, cells, table)
                elif isinstance(predictor, KnowsProperties):
                    found = predictor.describe_predicted(cells, table)
                else:
                    found = predictor.describe(cells)
            table = _joined(table, found.columns)
            where = kind.refusal_stage or name
            for row, reason in found.refused.items():
                reasons[int(places[row])] = (where, reason)
            if found.refused:
                kept = [row for row in range(len(crystals)) if row not in found.refused]
                crystals, table = [crystals[row] for row in kept], table[np.array(kept, dtype=np.int64)]
                places = places[kept]
        if any(crystal.composition for crystal in given):
            table = averaged(given, table, places)
        refused = [
            Rejection(given[row].candidate_id, given[row].source, where, reason)
            for row, (where, reason) in reasons.items()
            if row < len(given)
        ]
        kept_ones = [crystal for row, crystal in enumerate(given) if row not in reasons]
        return CandidateTable(kept_ones, self._with_stage(table), refused)

    def no_rows(self) -> pl.DataFrame:
        """The prediction table without rows."""
        table = self.network.predict([])
        for predictor in self.learned.values():
            table = _joined(table, predictor.describe([]).columns)
        return self._with_stage(table)

    def _with_stage(self, table: pl.DataFrame) -> pl.DataFrame:
        return table if self.stage is None else table.with_columns(pl.lit(self.stage, pl.Int64).alias(STAGE))

    @property
    def folders(self) -> dict[str, Path]:
        """The folder of each release and the file of each potential, by the key that chose it.

        What a release loads itself stands under the key of the release and its own: `KEY.potential`.
        """
        learned = {**self.learned, **{predictor_kind(n, "predictors").quick: known for n, known in self.quick.items()}}
        found = {"model": self.network.folder, **{name: known.folder for name, known in learned.items()}}
        for name, known in learned.items():
            found |= {f"{name}.{part}": path for part, path in getattr(known, "loads", {}).items()}
        found["relax"] = None if self.potential is None else self.potential.checkpoint
        return {name: path for name, path in found.items() if path is not None}


def _joined(table: pl.DataFrame, columns: list[pl.Series]) -> pl.DataFrame:
    """The table with more columns; new flags follow the existing ones."""
    added = {column.name: column for column in columns}
    flags = added.pop("flags", None)
    table = table.with_columns(added.values())
    if flags is None:
        return table
    both = pl.concat_str("flags", "_more_flags", separator=";", ignore_nulls=True).str.strip_chars(";")
    return table.with_columns(flags.alias("_more_flags")).with_columns(flags=both).drop("_more_flags")
