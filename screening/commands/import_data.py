"""`screening import`: a published table, or anyone's labelled crystals, become a store."""

from __future__ import annotations

from pathlib import Path

from screening.configuration.import_data import ImportConfig
from screening.console import say
from screening.jobs.import_data import REJECTED, import_labelled, label_counts


def run(config: ImportConfig) -> None:
    """Import and say what came in."""
    labels = Path(config.labels) if config.labels else None
    store, rejected = import_labelled(config.kind, Path(config.source), labels, Path(config.output))
    say(f"{len(store)} crystals in {config.output} ({label_counts(store)}); sha256 {store.content_hash[:12]}")
    if rejected:
        say(f"{len(rejected)} left out, the first because: {rejected[0].reason}; all in {store.path / REJECTED}")
