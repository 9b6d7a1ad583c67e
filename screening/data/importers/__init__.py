"""From published tables to the store: one file a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from screening.data.importers.jsonl import read_jsonl
from screening.data.importers.materials_project import read_materials_project
from screening.data.store import LabelledCrystal
from screening.errors import RequestError

IMPORTERS: dict[str, Callable[[Path], Iterator[LabelledCrystal]]] = {
    "materials_project": read_materials_project,
    "jsonl": read_jsonl,
}


def importer(kind: str) -> Callable[[Path], Iterator[LabelledCrystal]]:
    """The importer of a kind of source; raises RequestError listing the kinds."""
    if kind not in IMPORTERS:
        raise RequestError(f"kind={kind}: no such importer; there are {', '.join(IMPORTERS)}")
    return IMPORTERS[kind]
