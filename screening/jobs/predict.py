"""The job of `screening predict`: properties of crystals into a file, or in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from screening.configuration.predict import PredictConfig
from screening.crystals import Crystal
from screening.crystals.spool import CrystalSpool
from screening.errors import RequestError
from screening.jobs.loaded import LoadedModels
from screening.jobs.opening import load_predictors, read_settings, require_any
from screening.jobs.outcome import TableOutcome
from screening.jobs.scoring import Tally, expected_inputs, open_candidates, predictions
from screening.locks import file_lock
from screening.report.choices import figure_columns
from screening.tables import TableWriter, write_table

if TYPE_CHECKING:
    from screening.jobs.scoring import Candidates

_IDENTITY, _FIGURES = ("candidate_id", "formula", "n_atoms"), 8


@dataclass(frozen=True, eq=False)
class Predictions(TableOutcome):
    """Predicted properties with 80 % intervals.

    Attributes:
        table: One row a crystal that could be predicted.
        rejected: The inputs without a row: `candidate_id, source, stage, reason`.
        crystal_of: Gives the crystal of an id as it was predicted.
    """

    @property
    def _shown_columns(self) -> Sequence[str]:
        return [*_IDENTITY, *figure_columns(self.table.columns)[:_FIGURES], "flags"]


def predict_to_file(
    config: PredictConfig,
    candidates: Candidates,
    models: LoadedModels | None = None,
    keep: Callable[[list[Crystal]], object] = len,
) -> Tally:
    """Stream predictions into config.output and refusals into its neighbour; both appear only when complete.

    Args:
        config: The settings.
        candidates: What to predict.
        models: Those that are loaded already.
        keep: Gets the crystals of each batch as they are predicted.

    Raises:
        RequestError: The request is wrong, or no candidate is valid.
    """
    output = Path(config.output)
    rejected_file = output.with_name(f"{output.stem}.rejected.csv")
    if output.is_dir():
        raise RequestError(f"output={output}: is a folder; expected the name of a file")
    tally = Tally(expected_inputs(candidates))
    with file_lock(output, "output", rejected_file.name):
        tables = _tables(config, candidates, models, [output, rejected_file], tally, keep)
        with TableWriter(output) as writer:
            for table in tables:
                with tally.stage("writing"):
                    writer.write(table)
            write_table(tally.rejected_table(), rejected_file)
            require_any(tally, config.candidates, rejected_file)
    return tally


def predict_and_keep(config: PredictConfig, candidates: Candidates, models: LoadedModels | None = None) -> Predictions:
    """The same, and give what is in the file; arguments and errors as of `predict_to_file`."""
    spool = CrystalSpool()
    tally = predict_to_file(config, candidates, models, spool.add)
    return Predictions(pl.read_parquet(config.output, glob=False), tally.rejected_table(), spool.get)


def predict_in_memory(config: PredictConfig, candidates: Candidates, models: LoadedModels | None = None) -> Predictions:
    """The same without a file; arguments and errors as of `predict_to_file`."""
    tally, spool = Tally(expected_inputs(candidates)), CrystalSpool()
    tables = list(_tables(config, candidates, models, [], tally, spool.add))
    require_any(tally, config.candidates, None)
    return Predictions(pl.concat(tables), tally.rejected_table(), spool.get)


def _tables(
    config: PredictConfig,
    candidates: Candidates,
    models: LoadedModels | None,
    own: Sequence[Path],
    tally: Tally,
    keep: Callable[[list[Crystal]], object],
) -> Iterator[pl.DataFrame]:
    """Load and check at once; the tables come batch by batch."""

    def join(crystals: list[Crystal], _: pl.DataFrame) -> dict[str, Any]:
        keep(crystals)
        return {}

    predictors = load_predictors(config, models)
    items = open_candidates(candidates, read_settings(config, predictors.network.elements, own))
    return predictions(predictors, items, config.batch_atoms, tally, join)
