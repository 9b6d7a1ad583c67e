"""From published tables and users' files to the store: one file a source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from screening.crystals import Rejection
from screening.data.importers.csv_table import read_csv_table
from screening.data.importers.jsonl import read_jsonl
from screening.data.importers.materials_project import is_materials_project, read_materials_project
from screening.data.store import LabelledCrystal
from screening.errors import RequestError

Labelled = Iterator[LabelledCrystal | Rejection]
CSV = "csv"
IMPORTERS: dict[str, Callable[[Path], Labelled]] = {
    "materials_project": read_materials_project,
    "jsonl": read_jsonl,
    CSV: read_csv_table,
}


def importer(kind: str) -> Callable[[Path], Labelled]:
    """The importer of a kind of source; raises RequestError listing the kinds."""
    if kind not in IMPORTERS:
        raise RequestError(f"kind={kind}: no such importer; there are {', '.join(IMPORTERS)}")
    return IMPORTERS[kind]


def kind_of(source: Path, labels: Path | None = None) -> str:
    """Which importer reads a source: rows that carry their labels, a published layout, or a CSV beside structures."""
    if labels is None and source.name.endswith((".jsonl", ".jsonl.gz")):
        return "jsonl"
    return "materials_project" if labels is None and is_materials_project(source) else CSV


def read_labelled(
    kind: str, source: Path, labels: Path | None = None, passed_over: frozenset[Path] = frozenset()
) -> Labelled:
    """Stream a source of labelled crystals; arguments beyond the source are those of `read_csv_table`.

    Raises RequestError for what is wrong with the source.
    """
    if kind == CSV:
        return read_csv_table(source, labels, passed_over)
    if labels is not None:
        raise RequestError(f"labels={labels}: only kind={CSV} takes its labels from another file")
    return importer(kind)(source)


def accepted(rows: Iterable[LabelledCrystal | Rejection], rejected: list[Rejection]) -> Iterator[LabelledCrystal]:
    """The labelled crystals; what was left out goes to `rejected`."""
    for row in rows:
        if isinstance(row, Rejection):
            rejected.append(row)
        else:
            yield row
