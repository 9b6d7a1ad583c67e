"""The job of `screening import`: a published table, or anyone's labelled crystals, become a store."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from screening.crystals import Rejection
from screening.data.contradictions import (
    Contradiction,
    find_contradictions,
    looks_like_whole_cells,
    without_contradictions,
)
from screening.data.importers.base import accepted
from screening.data.importers.registry import load_importer, read_labelled
from screening.data.store import LabelledCrystal, Store, write_store
from screening.data.targets import TARGETS
from screening.locks import file_lock
from screening.tables import rejected_table, write_table

logger = logging.getLogger(__name__)
REJECTED, CONTRADICTIONS = "rejected.csv", "contradictions.csv"


def import_labelled(
    kind: str, source: Path, labels: Path | None, output: Path, passed_over: frozenset[Path] = frozenset()
) -> tuple[Store, list[Rejection]]:
    """Write the store, with the lists of what was left out and of contradicting labels in it."""
    rejected: list[Rejection] = []
    with file_lock(output, "output"):
        rows = list(accepted(read_labelled(kind, source, labels, passed_over | {output.resolve()}), rejected))
        kept = load_importer(kind).keeps_contradictions
        found = find_contradictions(rows)
        _warn(rows, found, kept=kept)
        sound = rows if kept else accepted(without_contradictions(rows, found), rejected)
        store = write_store(output, sound, [f"{kind}: {source.name}"])
        write_table(rejected_table(rejected), output / REJECTED)
        write_table(_contradictions_table(rows, found, kept=kept), output / CONTRADICTIONS)
    return store, rejected


def _warn(rows: Sequence[LabelledCrystal], found: Sequence[Contradiction], *, kept: bool) -> None:
    """Say how many labels contradict each other and what became of them, and what looks like another unit."""
    for quantity, count in Counter(one.quantity for one in found).items():
        tolerance = TARGETS[quantity].same_within
        having = [index for one in found if one.quantity == quantity for index in one.rows]
        labels = sum(quantity in rows[index].labels for index in having)
        logger.warning(
            "%s: %d labels of %d crystals contradict each other by more than %g and are %s; all in %s", quantity,
            labels, count, tolerance, "kept as published" if kept else "left out", CONTRADICTIONS,
        )  # fmt: skip
    for column in looks_like_whole_cells(rows):
        logger.warning("%s grows with the number of atoms: are these values of whole cells?", column)


def _contradictions_table(
    rows: Sequence[LabelledCrystal], found: Sequence[Contradiction], *, kept: bool
) -> pl.DataFrame:
    """One row a label that contradicts another; group: the number of the crystal."""
    columns = {
        "group": pl.Int64,
        "crystal_id": pl.String,
        "quantity": pl.String,
        "value": pl.Float64,
        "kept": pl.Boolean,
    }
    labels = [
        (number, rows[index].crystal.candidate_id, one.quantity, rows[index].labels[one.quantity], kept)
        for number, one in enumerate(found, start=1)
        for index in one.rows
        if one.quantity in rows[index].labels
    ]
    return pl.DataFrame(labels, schema=columns, orient="row")


def label_counts(store: Store) -> str:
    """How many labels of each kind a store has, in words."""
    return ", ".join(f"{name} {count}" for name, count in store.meta["labels"].items())
