"""A table of cubic elements: a CSV with the columns id, element, a_A, centring (P, I or F) and labels."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals import Crystal, Rejection
from screening.data.importers.base import Importer, Labelled
from screening.data.importers.labels import check_label, label_columns_of
from screening.data.store import LabelledCrystal
from screening.errors import RequestError

_SITES = {
    "P": [[0, 0, 0]],
    "I": [[0, 0, 0], [0.5, 0.5, 0.5]],
    "F": [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]],
}


class CubicTable(Importer):
    """A table `*.cubic.csv` of cubic elements: id, element, a_A, centring and labels."""

    def read(self, source: Path, labels: Path | None = None, passed_over: frozenset[Path] = frozenset()) -> Labelled:
        if not source.is_file():
            raise RequestError(f"source: {source}: no such file")
        with source.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines)
            columns = label_columns_of(rows.fieldnames or (), str(source))
            for number, row in enumerate(rows, 2):
                where = f"{source.name}, line {number}"
                if row["element"] not in ATOMIC_NUMBERS or row["centring"] not in _SITES:
                    yield Rejection(row["id"], where, "read", "expected an element and P, I or F")
                    continue
                sites = _SITES[row["centring"]]
                numbers = [ATOMIC_NUMBERS[row["element"]]] * len(sites)
                crystal = Crystal.from_arrays(row["id"], np.eye(3) * float(row["a_A"]), numbers, sites, where)
                given = {name: check_label(name, float(row[name]), f"{where}, {name}") for name in columns if row[name]}
                yield LabelledCrystal(crystal, given)

    def recognises(self, source: Path) -> bool:
        return source.name.endswith(".cubic.csv")
