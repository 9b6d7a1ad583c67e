"""`screening doctor`: what would make a job fail, found before it does."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from screening.cluster import health
from screening.cluster.health import BROKEN, GOOD, NOTE, STATES, Finding
from screening.cluster.surroundings import surroundings, tracking_variables
from screening.configuration.doctor import DoctorConfig
from screening.console import say
from screening.errors import ScreeningError
from screening.materials.registry import predictor_kind
from screening.potentials.registry import missing_for, potential_names
from screening.tracking.address import TrackingSettings

logger = logging.getLogger(__name__)


def run(config: DoctorConfig) -> None:
    """Tell every finding as it comes; raises ScreeningError if something is broken."""
    found: list[Finding] = []
    for finding in _examine(config):
        found.append(finding)
        say(f"{STATES[finding.state]:8}{finding.what:16}{finding.said}")
        if finding.advice:
            say(f"{'':24}-> {finding.advice}")
    if wrong := health.broken(found):
        raise ScreeningError(f"broken: {', '.join(wrong)}")
    say("nothing is broken")


def _examine(config: DoctorConfig) -> Iterator[Finding]:
    settings = TrackingSettings(config.tracking.uri, config.tracking.experiment)
    for name, findings in (
        ("Python", health.python()),
        ("environment", surroundings()),
        ("GPU", health.gpu(config.device)),
        ("Slurm", health.queue()),
        ("model", _models(config)),
        ("potentials", _potentials()),
        ("MLflow", tracking_variables(settings)),
        ("MLflow", health.tracking(settings)),
        ("disk", health.disk(Path(config.output_dir))),
    ):
        yield from _all_of(name, findings)


def _all_of(name: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings of a check; if it fails itself, that is one."""
    try:
        yield from findings
    except Exception as error:  # whatever a broken installation raises
        said = f"the check failed itself: {type(error).__name__}: {error}"
        yield Finding(BROKEN, name, said, "repeat with debug=true to see where, if this does not tell")
        logger.debug("check of %s", name, exc_info=True)


def _models(config: DoctorConfig) -> Iterator[Finding]:
    yield from health.model("model", config.model, _check_network)
    for name, release in config.predictor_choices.items():
        yield from health.model(name, release, partial(_check_predictor, name))


def _potentials() -> Iterator[Finding]:
    for name in potential_names():
        missing, _, advice = missing_for(name).partition("; ")
        yield Finding(NOTE if missing else GOOD, "potential", f"{name}: {missing or 'can be used'}", advice)


def _check_network(name: str) -> Path:
    from screening.networks.released_model import find_release, load_release

    folder = find_release(name)
    load_release(folder)
    return folder


def _check_predictor(name: str, release: str) -> Path | None:
    loaded = predictor_kind(name, "predictor").implementation.load(release, {"device": "cpu"})
    if loaded is None:
        raise ScreeningError(f"{name}={release}: nothing was loaded")
    return loaded.folder
