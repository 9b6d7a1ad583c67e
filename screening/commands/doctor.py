"""`screening doctor`: what would make a job fail, found before it does."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from screening.cluster import health
from screening.cluster.health import STATES, Finding
from screening.configuration.doctor import DoctorConfig
from screening.console import say
from screening.errors import ScreeningError
from screening.materials.registry import predictor_kind
from screening.tracking.address import TrackingSettings


def run(config: DoctorConfig) -> None:
    """Tell every finding as it comes; raises ScreeningError if something is broken."""
    found: list[Finding] = []
    for finding in _examine(config):
        found.append(finding)
        say(f"{STATES[finding.state]:8}{finding.what:12}{finding.said}")
        if finding.advice:
            say(f"{'':20}-> {finding.advice}")
    if wrong := health.broken(found):
        raise ScreeningError(f"broken: {', '.join(wrong)}")
    say("nothing is broken")


def _examine(config: DoctorConfig) -> Iterator[Finding]:
    yield from health.python()
    yield from health.gpu(config.device)
    yield from health.queue()
    yield from _models(config)
    yield from health.tracking(TrackingSettings(config.tracking.uri, config.tracking.experiment))
    yield from health.disk(Path(config.output_dir))


def _models(config: DoctorConfig) -> Iterator[Finding]:
    yield from health.model("model", config.model, _check_network)
    for name, release in config.predictor_choices.items():
        yield from health.model(name, release, partial(_check_predictor, name))


def _check_network(name: str) -> Path:
    from screening.networks.released_model import find_release, load_release

    folder = find_release(name)
    load_release(folder)
    return folder


def _check_predictor(name: str, release: str) -> Path:
    loaded = predictor_kind(name, "predictor").implementation.load(release, {"device": "cpu"})
    if loaded is None or loaded.folder is None:
        raise ScreeningError(f"{name}={release}: nothing was loaded")
    return loaded.folder
