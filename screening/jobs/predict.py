"""The job of `screening predict`: properties of crystals into a file, or in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from screening.configuration import as_dict
from screening.configuration.predict import PredictConfig
from screening.crystals import Crystal
from screening.crystals.spool import CrystalSpool
from screening.errors import RequestError
from screening.jobs.loaded import LoadedModels
from screening.jobs.opening import load_predictors, read_settings, require_any, watched
from screening.jobs.outcome import TableOutcome
from screening.jobs.recording import hashes_of, read_from, what_ran
from screening.jobs.scoring import Tally, expected_inputs, open_candidates, predictions
from screening.locks import file_lock
from screening.materials.predictors import Predictors
from screening.report.choices import figure_columns
from screening.tables import TableWriter, write_table
from screening.tracking.lineage import model_origin
from screening.tracking.provenance import output_hashes, run_record, write_run_record

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
        record: Settings, versions, hashes of models and candidates, counts, times: as `FILE.run.json` holds them.
    """

    record: dict[str, Any] = field(default_factory=dict, kw_only=True, repr=False)

    @property
    def _shown_columns(self) -> Sequence[str]:
        return [*_IDENTITY, *figure_columns(self.table.columns)[:_FIGURES], "flags"]


def predict_to_file(
    config: PredictConfig,
    candidates: Candidates,
    models: LoadedModels | None = None,
    keep: Callable[[list[Crystal]], object] = len,
) -> Tally:
    """Stream predictions into config.output, refusals into its neighbour; each appears only when complete.

    The record of the job stands in the table's own metadata, and last of all in a file beside it.

    Args:
        config: The settings.
        candidates: What to predict.
        models: Those that are loaded already.
        keep: Gets the crystals of each batch as they are predicted.

    Raises:
        RequestError: The request is wrong, or no candidate is valid.
    """
    return _to_file(config, candidates, models, keep)[0]


def _to_file(
    config: PredictConfig,
    candidates: Candidates,
    models: LoadedModels | None,
    keep: Callable[[list[Crystal]], object],
) -> tuple[Tally, dict[str, Any]]:
    output = Path(config.output)
    rejected_file, record_file = (output.with_name(f"{output.stem}.{end}") for end in ("rejected.csv", "run.json"))
    if output.is_dir():
        raise RequestError(f"output={output}: is a folder; expected the name of a file")
    tally = Tally(expected_inputs(candidates))
    with file_lock(output, "output", rejected_file.name, record_file.name):
        predictors, hashes, tables = _begin(
            config, candidates, models, [output, rejected_file, record_file], tally, keep
        )
        with TableWriter(output) as writer:
            for table in tables:
                with tally.stage("writing"):
                    writer.write(table)
            write_table(tally.rejected_table(), rejected_file)
            require_any(tally, config.candidates, rejected_file)
            record = _record(config, candidates, predictors, hashes(), tally)
            writer.describe(record)
            record_file.unlink(missing_ok=True)  # of an earlier table
        record["outputs"] = output_hashes(output.parent, (output.name, rejected_file.name))
        write_run_record(record_file, record)
    return tally, record


def predict_and_keep(config: PredictConfig, candidates: Candidates, models: LoadedModels | None = None) -> Predictions:
    """The same, and give what is in the file; arguments and errors as of `predict_to_file`."""
    spool = CrystalSpool()
    tally, record = _to_file(config, candidates, models, spool.add)
    found = pl.read_parquet(config.output, glob=False)
    return Predictions(found, tally.rejected_table(), spool.get, record=record)


def predict_in_memory(config: PredictConfig, candidates: Candidates, models: LoadedModels | None = None) -> Predictions:
    """The same without a file; arguments and errors as of `predict_to_file`."""
    tally, spool = Tally(expected_inputs(candidates)), CrystalSpool()
    predictors, hashes, tables = _begin(config, candidates, models, [], tally, spool.add)
    found = list(tables)
    require_any(tally, config.candidates, None)
    record = _record(config, candidates, predictors, hashes(), tally)
    return Predictions(pl.concat(found), tally.rejected_table(), spool.get, record=record)


def _begin(
    config: PredictConfig,
    candidates: Candidates,
    models: LoadedModels | None,
    own: Sequence[Path],
    tally: Tally,
    keep: Callable[[list[Crystal]], object],
) -> tuple[Predictors, Callable[[], dict[str, str]], Iterator[pl.DataFrame]]:
    """Load and check at once; the tables come batch by batch, and after them the hashes of what was read."""

    def join(crystals: list[Crystal], _: pl.DataFrame) -> dict[str, Any]:
        keep(crystals)
        return {}

    predictors = load_predictors(config, models)
    settings = read_settings(config, predictors.network.elements, own)
    hashes = watched(candidates, settings)
    items = open_candidates(candidates, settings)
    return predictors, hashes, predictions(predictors, items, config.batch_atoms, tally, join)


def _record(
    config: PredictConfig, candidates: Candidates, predictors: Predictors, hashes: dict[str, str], tally: Tally
) -> dict[str, Any]:
    ran = what_ran(config, predictors)
    record = run_record(
        command="predict",
        config=as_dict(config),
        seeds={"seed": config.seed},
        hashes=hashes_of(ran) | hashes,
        mlflow={"run_id": None, "tracking_uri": ""},
        counts=tally.counts,
        timing_s=tally.seconds,
        model=model_origin(predictors.network.config.training),
    )
    return record | ran | {"candidates": read_from(candidates, tally.counts["read"])}
