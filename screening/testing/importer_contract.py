"""What every importer must satisfy: each crystal once, with labels that training can use, or refused with a reason."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from screening.crystals import Rejection
from screening.data.importers.base import Importer, accepted
from screening.data.importers.labels import check_label
from screening.data.store import LabelledCrystal, write_store
from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.testing.contract import require, require_refused, require_subset


def check_importer(importer: Importer, source: Path, labels: Path | None = None) -> None:
    """Check an importer with a small source.

    Args:
        importer: An instance of what the entry point of group `screening.importers` names.
        source: A sound file or folder with at least one labelled crystal.
        labels: File of the labels, for an importer that takes one.

    Raises:
        ContractError: Something that every importer must do does not hold.
    """
    require(type(importer).__doc__, "the docstring says which sources are read, for the help page")
    require(labels is None or importer.takes_labels, "takes_labels is true of an importer that reads labels=")
    rejected: list[Rejection] = []
    rows = list(accepted(importer.read(source, labels), rejected))
    require(rows, f"{source} has a labelled crystal")
    for row in rows:
        _check_row(row)
    ids = [row.crystal.candidate_id for row in rows]
    require(len(set(ids)) == len(ids), "no two crystals have the same id")
    for rejection in rejected:
        require(rejection.candidate_id and rejection.reason, "what is left out has an id and a reason")
    again = list(accepted(importer.read(source, labels), []))
    require([row.crystal.candidate_id for row in again] == ids, "reading a second time gives the same crystals")
    with TemporaryDirectory() as folder:
        store = write_store(Path(folder) / "store", rows, ["contract"])
        require(len(store) == len(rows), "every crystal reaches the store")
    missing = source.with_name("no-such-" + source.name)
    require_refused(lambda: list(importer.read(missing, labels)), RequestError, "a missing source is refused")


def _check_row(row: LabelledCrystal) -> None:
    name = row.crystal.candidate_id
    require(row.labels or row.site_moment_muB is not None, f"{name} has a label")
    require_subset(row.labels, TARGETS, f"labels of {name} have names of screening.data.targets")
    for column, value in row.labels.items():
        message = ""
        try:
            check_label(column, value, column)
        except RequestError as error:
            message = str(error)
        require(not message, f"labels of {name} can be meant in their units: {message}")
    if row.site_moment_muB is not None:
        require(row.site_moment_muB.shape == (row.crystal.n_atoms,), f"{name} has a moment for each site")
