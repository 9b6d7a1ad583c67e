"""From candidates to predictions and from predictions to a ranking: the wiring that commands and notebooks share."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from screening.console import on_terminal
from screening.crystals import Crystal, ReadSettings, Rejection, as_crystals, read_crystals
from screening.crystals.reading.counting import count_inputs
from screening.crystals.reading.inputs import find_source
from screening.crystals.symmetry import space_group_numbers
from screening.materials.predictors import Predictors
from screening.materials.registry import material_class
from screening.materials.task_merit import evaluate_task, explain_task, rows_needing_symmetry
from screening.networks.streaming import stream
from screening.ranking import rank_table, ranking_settings
from screening.tables import rejected_table

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core.structure import Structure

    Candidate = Structure | Atoms | Crystal | Mapping[str, Any] | str | Path
    Candidates = Candidate | Iterable[Candidate] | Mapping[str, Candidate]

_OF_ONE_RANKING = (
    "rank",
    "rank_in_group",
    "best_place",
    "worst_place",
    "pareto_front",
)  # columns that mean nothing for a material outside the ranking


@dataclass
class Tally:
    """What happened to the inputs, and where the seconds went. expected: how many there are, where that is known."""

    expected: int | None = None
    scored: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, Any]:
        """Inputs by fate: read, scored, and rejected by stage and reason."""
        rejected: dict[str, Counter[str]] = {}
        for r in self.rejected:
            rejected.setdefault(r.stage, Counter())[r.reason] += 1
        return {
            "read": self.scored + len(self.rejected),
            "scored": self.scored,
            "rejected": {stage: dict(reasons.most_common()) for stage, reasons in rejected.items()},
        }

    def rejected_table(self) -> pl.DataFrame:
        """One row a rejected input."""
        return rejected_table(self.rejected)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Book the time inside to a stage: the processor time of this thread leaves out those of potentials."""
        started = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


def expected_inputs(candidates: Candidates) -> int | None:
    """For the progress bar's estimate: None where nobody looks or counting would take as long as reading."""
    if isinstance(candidates, str | Path) and on_terminal():
        return count_inputs(candidates)
    return None


def open_candidates(candidates: Candidates, settings: ReadSettings) -> Iterator[Crystal | Rejection]:
    """Crystals from a path, a bundled set's name, or structures in memory; RequestError if it is none of them."""
    if isinstance(candidates, str | Path):
        return read_crystals(candidates, settings)
    return as_crystals(candidates, settings)


def predictions(
    predictors: Predictors,
    items: Iterable[Crystal | Rejection],
    batch_atoms: int | None,
    tally: Tally,
    join: Callable[[list[Crystal], pl.DataFrame], Mapping[str, Any]] | None = None,
) -> Iterator[pl.DataFrame]:
    """Prediction tables batch by batch; `join` adds further columns from a batch's crystals."""
    with progress(tally.expected) as advance:
        for crystals, table, rejected in stream(predictors.network, predictors.prepared(items), batch_atoms):
            found = predictors.describe(crystals, table, tally.stage)
            table = found.table
            if join is not None:
                table = table.with_columns(**join(found.crystals, table))
            tally.scored += table.height
            tally.rejected += [*rejected, *found.refused]
            yield table
            advance(len(crystals) + len(rejected))
    for stage, seconds in predictors.network.times.seconds.items():
        tally.seconds[stage] = tally.seconds.get(stage, 0.0) + seconds
    predictors.network.times.seconds.clear()


def check_scoring(predictors: Predictors, task: Mapping[str, Any]) -> None:
    """Rank nothing, so that a wrong setting or a model without the targets is refused before hours of reading.

    Raises RequestError, also for landmarks of the class that are not there.
    """
    landmarks = material_class(str(task["name"])).landmarks
    if landmarks is not None:
        find_source(landmarks)
    rank_predictions(no_predictions(predictors), task)


def rank_candidates(
    predictors: Predictors,
    items: Iterable[Crystal | Rejection],
    task: Mapping[str, Any],
    batch_atoms: int | None,
    tally: Tally,
) -> pl.DataFrame:
    """The ranked table of all candidates; task: name, merit and ranking sections as in `configs/task/`."""
    tables = list(predictions(predictors, items, batch_atoms, tally, space_groups(task, tally)))
    with tally.stage("ranking"):
        return rank_predictions(pl.concat([no_predictions(predictors), *tables]), task)


def space_groups(
    task: Mapping[str, Any], tally: Tally, keep: Callable[[list[Crystal]], object] = len
) -> Callable[[list[Crystal], pl.DataFrame], dict[str, pl.Series]]:
    """What `predictions` joins for a ranking: the space groups that its figures of merit ask for.

    keep: gets the crystals of each batch as they are scored.
    """

    def join(crystals: list[Crystal], table: pl.DataFrame) -> dict[str, pl.Series]:
        keep(crystals)
        with tally.stage("symmetry"):
            rows = np.flatnonzero(rows_needing_symmetry(table, task))
            numbers: list[int | None] = [None] * len(crystals)
            for row in rows:  # an ordered approximant stands for a crystal of higher symmetry
                numbers[row] = crystals[row].parent_space_group
            rest = [row for row in rows if numbers[row] is None]
            for row, number in zip(rest, space_group_numbers(crystals[r] for r in rest), strict=True):
                numbers[row] = number
            return {"space_group_number": pl.Series(numbers, dtype=pl.Int32)}

    return join


def rank_predictions(table: pl.DataFrame, task: Mapping[str, Any]) -> pl.DataFrame:
    """The ranked table of predictions with space groups; task: as in `rank_candidates`."""
    ranked = rank_table(evaluate_task(table, task), ranking_settings(task.get("ranking", {})))
    return explain_task(ranked, task)


def no_predictions(predictors: Predictors) -> pl.DataFrame:
    """Predictions with space groups of no crystal at all."""
    return predictors.no_rows().with_columns(space_group_number=pl.lit(None, pl.Int32))


def rank_landmarks(predictors: Predictors, task: Mapping[str, Any], batch_atoms: int | None) -> pl.DataFrame:
    """Known materials scored by the same models and task, to compare the candidates with; no rows without any."""
    file = material_class(str(task["name"])).landmarks
    items = () if file is None else read_crystals(file, ReadSettings(workers=0))
    return rank_candidates(predictors, items, task, batch_atoms, Tally()).drop(_OF_ONE_RANKING, strict=False)


@contextmanager
def progress(total: int | None) -> Iterator[Callable[[int], object]]:
    """A progress bar with rate and, where the total is known, an estimate; nothing but on a terminal."""
    from tqdm import tqdm

    with tqdm(total=total, unit=" crystals", disable=not on_terminal(), leave=False) as bar:
        yield bar.update
