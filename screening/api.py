"""`screening.predict` and `screening.rank` for notebooks: the commands, on paths or structures, returning tables."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from screening.configuration import load_config
from screening.configuration.base import ScoringConfig
from screening.configuration.predict import PredictConfig
from screening.configuration.rank import RankConfig
from screening.errors import RequestError
from screening.jobs.local_shards import rank_in_shards
from screening.jobs.predicting import predict_to_file
from screening.jobs.ranking import Ranking, rank_to_folder

if TYPE_CHECKING:
    from screening.jobs.scoring import Candidates

Config = TypeVar("Config", bound=ScoringConfig)


@dataclass(frozen=True)
class Predictions:
    """table: one row a crystal; rejected: `candidate_id, source, stage, reason`."""

    table: pl.DataFrame
    rejected: pl.DataFrame


def predict(candidates: Candidates, output: str | Path | None = None, **keys: Any) -> Predictions:
    """Predicted properties with 80 % intervals; keys as in `screening predict --help`.

    candidates: a path, a bundled set's name, or any number of pymatgen structures, ASE atoms, crystals or paths.
    output: the Parquet table to keep, refusals beside it; None keeps nothing on disk.
    Raises RequestError on a wrong key, a missing file, or when no candidate is valid.
    """
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(output) if output is not None else Path(scratch) / "predictions.parquet"
        values = {"candidates": _shown(candidates), "output": str(target), **keys}
        config = load_config("predict", values=values)
        tally = predict_to_file(_config(config, PredictConfig), candidates, keep=output is not None)
        return Predictions(pl.read_parquet(target, glob=False), tally.rejected_table())


def rank(candidates: Candidates, task: str, output_dir: str | Path | None = None, **keys: Any) -> Ranking:
    """Rank candidates for a task (`magnets` or `electrodes`); keys as in `screening rank --help`.

    Without output_dir nothing is kept on disk and no MLflow run is made (unless `tracking` says so).
    Candidates and errors as in `predict`.
    """
    with tempfile.TemporaryDirectory() as scratch:
        values = {"candidates": _shown(candidates), "output_dir": str(output_dir or scratch), **keys}
        overrides = [f"task={task}"]
        if output_dir is None and not any(key.startswith("tracking") for key in keys):
            overrides.append("tracking=none")
        config = _config(load_config("rank", overrides, values), RankConfig)
        if config.shards == 1:
            return rank_to_folder(config, candidates, keep=output_dir is not None)
        if config.shard is not None or not isinstance(candidates, str | Path):
            raise RequestError(f"shards={config.shards}: here for a path of candidates and all shards together")
        return rank_in_shards(config)


def _shown(candidates: Candidates) -> str:
    return str(candidates) if isinstance(candidates, str | Path) else "structures in memory"


def _config(config: object, kind: type[Config]) -> Config:
    if not isinstance(config, kind):
        raise TypeError(f"expected {kind.__name__}")
    return config
