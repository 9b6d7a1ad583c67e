"""`screening import`: a published table becomes a store of labelled crystals."""

from __future__ import annotations

from pathlib import Path

from screening.configuration.schemas import ImportConfig
from screening.console import say
from screening.data.importers import importer
from screening.data.store import write_store


def run(config: ImportConfig) -> None:
    """Import and say what came in."""
    rows = importer(config.kind)(Path(config.source))
    store = write_store(Path(config.output), rows, [f"{config.kind}: {Path(config.source).name}"])
    labels = ", ".join(f"{name} {count}" for name, count in store.meta["labels"].items())
    say(f"{len(store)} crystals in {config.output} ({labels}); sha256 {store.content_hash[:12]}")
