"""What every job over candidates begins with: the settings of reading, the models, the refusal of empty input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.configuration import as_dict
from screening.configuration.base import OFF, CommandConfig, ScoringConfig
from screening.configuration.evaluate import EvaluateConfig
from screening.configuration.rank import RankConfig
from screening.configuration.relax import RelaxConfig
from screening.crystals import ReadSettings
from screening.crystals.reading.inputs import find_source
from screening.errors import RequestError
from screening.jobs.loaded import LoadedModels
from screening.jobs.scoring import Tally
from screening.materials.base import LearnedPredictor, PredictorKind
from screening.materials.predictors import Predictors
from screening.materials.registry import predictor_kind
from screening.materials.stages import SECOND
from screening.networks.predictor import Predictor
from screening.networks.released_model import find_release
from screening.potentials.base import Potential
from screening.potentials.registry import load_potential
from screening.tracking.address import TrackingSettings, sqlite_path, tracking_uri
from screening.tracking.registry import fetch_model, registered_version
from screening.tracking.server import ARTIFACT_FOLDER
from screening.tracking.source_hash import SourceHash

if TYPE_CHECKING:
    from screening.jobs.scoring import Candidates

NO_RELAXATION = "none"


def tracking_settings(config: CommandConfig) -> TrackingSettings:
    """Where a job is recorded."""
    return TrackingSettings(config.tracking.uri, config.tracking.experiment)


def load_network(config: ScoringConfig | EvaluateConfig, models: LoadedModels | None = None) -> Predictor:
    """The network of properties; models: those that are loaded already. Raises RequestError."""
    where = tracking_settings(config)
    version = registered_version(where, config.model)  # first: an alias may move meanwhile
    folder = find_release(fetch_model(where, version or config.model))
    network = (models or LoadedModels()).get(
        ("network", folder.resolve(), config.device, config.precision),
        lambda: Predictor.load(str(folder), config.device, config.precision),
        lambda loaded: loaded.folder,
    )
    network.registered = version
    network.times.seconds.clear()  # a job that failed may have left some
    return network


def load_predictors(config: ScoringConfig | EvaluateConfig, models: LoadedModels | None = None) -> Predictors:
    """Everything that a job predicts with; models: those that are loaded already. Raises RequestError."""
    models = models or LoadedModels()
    relax = getattr(config, "relax", NO_RELAXATION)
    settings = as_dict(config)
    learned = learned_predictors(config.predictor_choices, settings, models)
    funnel = getattr(config, "funnel", None)
    staged = [name for name in learned if config.predictor_choices[name] != OFF] if funnel and funnel.enabled else []
    kinds = [predictor_kind(name, "task.predictors") for name in staged]
    quick = quick_predictors(kinds, settings, models)
    return Predictors(
        load_network(config, models),
        learned,
        kept_potential(relax, config.device, models, "relax") if relax != NO_RELAXATION else None,
        quick,
        SECOND if any(kind.quick or kind.thorough for kind in kinds) else None,
    )


def quick_predictors(
    kinds: Iterable[PredictorKind], settings: Mapping[str, Any], models: LoadedModels
) -> dict[str, LearnedPredictor]:
    """What stands in for kinds of learned predictors in the first stage, by their names. Raises RequestError."""
    stands_in = {kind.name: predictor_kind(kind.quick, "task.predictors") for kind in kinds if kind.quick}
    loaded = {name: _learned(quick.name, quick.default, settings, models) for name, quick in stands_in.items()}
    return {name: predictor for name, predictor in loaded.items() if predictor is not None}


def thorough_predictors(
    config: RankConfig, predictors: Predictors, models: LoadedModels | None
) -> dict[str, LearnedPredictor]:
    """What the best of a ranking get in the third stage, by the names of the predictors that it replaces.

    A release that the user chose stays. Raises RequestError.
    """
    if not config.funnel.enabled:
        return {}
    choices: dict[str, str] = {}
    for name, release in config.predictor_choices.items():
        kind = predictor_kind(name, "task.predictors")
        if name in predictors.learned and kind.thorough and release == kind.default:
            choices[name] = kind.thorough
    loaded = learned_predictors(choices, as_dict(config), models)
    # where the best is not installed, the name may stand for what ran already
    return {name: known for name, known in loaded.items() if known.folder != predictors.learned[name].folder}


def kept_potential(name: str, device: str, models: LoadedModels | None, key: str = "potential") -> Potential:
    """A potential, named by a key; models: those that are loaded already. Raises RequestError."""
    return (models or LoadedModels()).get(
        ("potential", name, Path.cwd(), device),
        lambda: load_potential(name, device, key),
        lambda potential: potential.checkpoint,
    )


def learned_predictors(
    choices: Mapping[str, str], settings: Mapping[str, Any], models: LoadedModels | None = None
) -> dict[str, LearnedPredictor]:
    """The predictors of material classes, without those that are switched off. Raises RequestError.

    Args:
        choices: Release by name of the predictor.
        settings: All settings of the command.
        models: Those that are loaded already.
    """
    models = models or LoadedModels()
    loaded = {name: _learned(name, release, settings, models) for name, release in choices.items()}
    return {name: predictor for name, predictor in loaded.items() if predictor is not None}


def _learned(name: str, release: str, settings: Mapping[str, Any], models: LoadedModels) -> LearnedPredictor | None:
    kind = predictor_kind(name, "task.predictors")
    decisive = {key: settings.get(key) for key in kind.depends_on}
    return models.get(
        (name, release, Path.cwd(), *decisive.items()),
        lambda: kind.implementation.load(release, decisive),
        lambda predictor: None if predictor is None else predictor.folder,
    )


def read_settings(
    config: ScoringConfig | RelaxConfig, elements: frozenset[int] | None, own: Iterable[Path]
) -> ReadSettings:
    """How candidates are read.

    Args:
        config: The settings of the command.
        elements: Atomic numbers that its model knows; None: all.
        own: What this job writes, should it lie in the folder that is read.
    """
    database = None
    with suppress(RequestError):  # a job that records refuses a wrong address itself
        database = sqlite_path(tracking_uri(tracking_settings(config)))
    kept = [] if database is None else [database, database.with_name(ARTIFACT_FOLDER)]
    return ReadSettings(
        order=config.order,
        workers=config.workers,
        max_atoms=config.max_atoms,
        elements=elements,
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


def watched(candidates: Candidates, settings: ReadSettings) -> Callable[[], dict[str, str]]:
    """Hash the candidates before they are read; gives what to record after that. Structures in memory have no bytes."""
    if not isinstance(candidates, str | Path):
        return dict
    return SourceHash(find_source(candidates), settings.passed_over).record
