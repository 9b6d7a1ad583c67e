"""The importers there are, found through entry points, and the one that reads a source."""

from __future__ import annotations

from pathlib import Path

from screening import plugins
from screening.data.importers.base import Importer, Labelled
from screening.errors import RequestError

CSV = "csv"
"""Reads structures in any form, with the labels beside them; what no importer recognises is left to it."""


def importer_names() -> list[str]:
    """Names of all importers, in alphabetical order; none of them is imported."""
    return plugins.names(plugins.IMPORTERS)


def load_importer(kind: str) -> Importer:
    """The importer of a kind of source. Raises RequestError if there is none of this name."""
    found = plugins.load(plugins.IMPORTERS, kind, "kind")
    if not (isinstance(found, type) and issubclass(found, Importer)):
        raise RequestError(f"kind={kind}: {found!r} is not a subclass of screening.data.importers.base.Importer")
    return found()


def kind_of(source: Path, labels: Path | None = None) -> str:
    """The importer that reads a source, judged by the names of its files.

    Raises:
        RequestError: More than one recognises it.
    """
    if labels is not None:
        return CSV
    kinds = [name for name in importer_names() if load_importer(name).recognises(source)]
    if len(kinds) > 1:
        raise RequestError(f"{source}: read by {' and '.join(kinds)}; choose with `screening import kind=`")
    return kinds[0] if kinds else CSV


def read_labelled(
    kind: str, source: Path, labels: Path | None = None, passed_over: frozenset[Path] = frozenset()
) -> Labelled:
    """Stream a source of labelled crystals with the importer of this kind; see `Importer.read`."""
    importer = load_importer(kind)
    if labels is not None and not importer.takes_labels:
        takers = [name for name in importer_names() if load_importer(name).takes_labels]
        raise RequestError(f"labels={labels}: only kind={' and '.join(takers)} takes its labels from another file")
    return importer.read(source, labels, passed_over)
