"""Finds importers through entry points, and chooses the one for a source."""

from __future__ import annotations

from pathlib import Path

from screening import plugins
from screening.data.importers.base import Importer, Labelled
from screening.errors import RequestError

CSV = "csv"
"""The importer of structures with a CSV of labels; it reads every source that no other importer recognises."""


def importer_names() -> list[str]:
    """Names of all importers in alphabetical order, without importing them."""
    return plugins.names(plugins.IMPORTERS)


def load_importer(kind: str) -> Importer:
    """The importer for a kind of source; raises RequestError if there is none."""
    found = plugins.load(plugins.IMPORTERS, kind, "kind")
    if not (isinstance(found, type) and issubclass(found, Importer)):
        raise RequestError(f"kind={kind}: {found!r} is not a subclass of screening.data.importers.base.Importer")
    return found()


def kind_of(source: Path, labels: Path | None = None) -> str:
    """The kind of a source, judged by its file names.

    Raises:
        RequestError: If more than one importer recognises it.
    """
    if labels is not None:
        return CSV
    kinds = [name for name in importer_names() if load_importer(name).recognises(source)]
    if len(kinds) > 1:
        raise RequestError(f"{source}: can be read as {' and '.join(kinds)}; choose one with `screening import kind=`")
    return kinds[0] if kinds else CSV


def read_labelled(
    kind: str, source: Path, labels: Path | None = None, passed_over: frozenset[Path] = frozenset()
) -> Labelled:
    """Stream labelled crystals with the importer of this kind; arguments as in `Importer.read`.

    Raises:
        RequestError: If the importer does not accept a separate file of labels, or as in `Importer.read`.
    """
    importer = load_importer(kind)
    if labels is not None and not importer.takes_labels:
        takers = [name for name in importer_names() if load_importer(name).takes_labels]
        raise RequestError(f"labels={labels}: only kind={' and '.join(takers)} accepts a separate file of labels")
    return importer.read(source, labels, passed_over)
