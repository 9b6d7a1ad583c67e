"""What every job over candidates begins with: the settings of reading, the models, the refusal of empty input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.configuration import as_dict
from screening.configuration.base import ScoringConfig
from screening.crystals import ReadSettings
from screening.crystals.reading.inputs import find_source
from screening.errors import RequestError
from screening.jobs.scoring import Tally
from screening.materials.base import LearnedPredictor
from screening.materials.predictors import Predictors
from screening.materials.registry import predictor_kind
from screening.networks.predictor import Predictor
from screening.potentials.registry import load_potential
from screening.tracking.address import TrackingSettings, sqlite_path, tracking_uri
from screening.tracking.provenance import sha256
from screening.tracking.registry import fetch_model
from screening.tracking.server import ARTIFACT_FOLDER

if TYPE_CHECKING:
    from screening.jobs.scoring import Candidates

NO_RELAXATION = "none"


def tracking_settings(config: ScoringConfig) -> TrackingSettings:
    """Where a job is recorded."""
    return TrackingSettings(config.tracking.uri, config.tracking.experiment)


def load_network(config: ScoringConfig) -> Predictor:
    """The network of properties. Raises RequestError."""
    return Predictor.load(fetch_model(tracking_settings(config), config.model), config.device, config.precision)


def load_predictors(config: ScoringConfig) -> Predictors:
    """Everything that a job predicts with. Raises RequestError."""
    relax = getattr(config, "relax", NO_RELAXATION)
    return Predictors(
        load_network(config),
        learned_predictors(config.predictor_choices, as_dict(config)),
        load_potential(relax, config.device, "relax") if relax != NO_RELAXATION else None,
    )


def learned_predictors(choices: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, LearnedPredictor]:
    """The predictors of material classes, without those that are switched off. Raises RequestError.

    Args:
        choices: Release by name of the predictor.
        settings: All settings of the command.
    """
    kinds = {name: predictor_kind(name, "task.predictors") for name in choices}
    loaded = {name: kind.implementation.load(choices[name], settings) for name, kind in kinds.items()}
    return {name: predictor for name, predictor in loaded.items() if predictor is not None}


def read_settings(config: ScoringConfig, network: Predictor, own: Iterable[Path]) -> ReadSettings:
    """How candidates are read; own: what this job writes, should it lie in the folder that is read."""
    database = sqlite_path(tracking_uri(tracking_settings(config)))
    kept = [] if database is None else [database, database.with_name(ARTIFACT_FOLDER)]
    return ReadSettings(
        order=config.order,
        workers=config.workers,
        max_atoms=config.max_atoms,
        elements=network.elements,
        passed_over=frozenset(path.resolve() for path in (*own, *kept)),
    )


def require_any(tally: Tally, candidates: str, rejected_file: Path | None) -> None:
    """Raise RequestError if nothing could be scored; rejected_file: where the reasons are."""
    if tally.scored == 0:
        first = f"; the first: {tally.rejected[0].reason}" if tally.rejected else ""
        where = f"; every reason is in {rejected_file}" if rejected_file is not None else ""
        raise RequestError(
            f"candidates={candidates}: no valid candidate among {len(tally.rejected)} inputs{first}{where}"
        )


def hash_of(candidates: Candidates) -> dict[str, str]:
    """Of what was read; structures in memory have no bytes to hash."""
    return {"candidates": sha256(find_source(candidates))} if isinstance(candidates, str | Path) else {}
