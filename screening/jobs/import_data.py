"""The job of `screening import`: a published table, or anyone's labelled crystals, become a store."""

from __future__ import annotations

from pathlib import Path

from screening.crystals import Rejection
from screening.data.importers.base import accepted
from screening.data.importers.registry import read_labelled
from screening.data.store import Store, write_store
from screening.locks import file_lock
from screening.tables import rejected_table, write_table

REJECTED = "rejected.csv"


def import_labelled(
    kind: str, source: Path, labels: Path | None, output: Path, passed_over: frozenset[Path] = frozenset()
) -> tuple[Store, list[Rejection]]:
    """Write the store, with the list of what was left out in it."""
    rejected: list[Rejection] = []
    with file_lock(output, "output"):
        rows = accepted(read_labelled(kind, source, labels, passed_over | {output.resolve()}), rejected)
        store = write_store(output, rows, [f"{kind}: {source.name}"])
        write_table(rejected_table(rejected), output / REJECTED)
    return store, rejected


def label_counts(store: Store) -> str:
    """How many labels of each kind a store has, in words."""
    return ", ".join(f"{name} {count}" for name, count in store.meta["labels"].items())
