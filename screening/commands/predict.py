"""`screening predict`: properties with intervals, into a table."""

from __future__ import annotations

from screening.configuration.predict import PredictConfig
from screening.console import say
from screening.jobs.predict import predict_to_file
from screening.report.terminal import timing_line


def run(config: PredictConfig) -> None:
    """Predict and say where the table is."""
    tally = predict_to_file(config, config.candidates)
    say(f"{tally.scored} crystals predicted, {len(tally.rejected)} rejected: {config.output}")
    say(timing_line(tally.seconds))
