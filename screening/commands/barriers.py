"""`screening barriers`: migration barriers along given paths, with intervals, into a table."""

from __future__ import annotations

from screening.configuration.barriers import BarriersConfig
from screening.console import say
from screening.jobs.barriers import barriers_to_file


def run(config: BarriersConfig) -> None:
    """Predict and say where the table is."""
    found = barriers_to_file(config, config.paths)
    before = f" ({found.resumed} of them before)" if found.resumed else ""
    say(f"{found.table.height} barriers predicted{before}, {found.rejected.height} rejected: {config.output}")
