"""Imports Materials Project crystals with the MEGNet-2018 labels, and crystals with site moments.

The source folder holds `structures.jsonl.gz` (rows `mp_id, lattice, species, frac`), `properties.csv` (labels by
`mp_id`) and optionally `site_magmoms.jsonl.gz` (rows with `magmom_muB` for each site). Site moments become separate
crystals: most are of another magnetic order than the labelled total of the same `mp_id`, so the two would contradict
each other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.crystal import Crystal
from screening.data.importers.base import Importer, Labelled
from screening.data.raw_tables import json_rows
from screening.data.store import LabelledCrystal
from screening.errors import RequestError

_STRUCTURES, _PROPERTIES = "structures.jsonl.gz", "properties.csv"
_PROPERTY_COLUMNS = {
    "formation_energy_eV_per_atom": "formation_energy_eV_per_atom",
    "energy_above_hull_eV_per_atom": "energy_above_hull_eV_per_atom",
    "band_gap_pbe_eV": "band_gap_eV",
}


class MaterialsProject(Importer):
    """A folder of Materials Project crystals with the MEGNet-2018 labels."""

    keeps_contradictions = True

    def read(self, source: Path, labels: Path | None = None, passed_over: frozenset[Path] = frozenset()) -> Labelled:
        structures, properties = source / _STRUCTURES, source / _PROPERTIES
        for file in (structures, properties):
            if not file.is_file():
                raise RequestError(f"source: {file} is missing; expected {_STRUCTURES} and {_PROPERTIES} in {source}")
        by_id = _read_labels(properties)
        for row in json_rows(structures):
            crystal = _crystal(row, str(row["mp_id"]), structures)
            known = by_id.get(crystal.candidate_id, {})
            total = known.pop("total_magnetization_muB_per_cell", None)
            if total is not None:
                known["magnetization_muB_per_A3"] = abs(total) / crystal.volume_A3
            if known:
                yield LabelledCrystal(crystal, known)
        moments = source / "site_magmoms.jsonl.gz"
        if moments.is_file():
            for row in json_rows(moments):
                crystal = _crystal(row, f"moments-{row['id']}", moments)
                yield LabelledCrystal(crystal, {}, np.asarray(row["magmom_muB"], dtype=np.float32))

    def recognises(self, source: Path) -> bool:
        return (source / _STRUCTURES).is_file() and (source / _PROPERTIES).is_file()


def _read_labels(file: Path) -> dict[str, dict[str, float]]:
    # a formula can be "NaN" (sodium nitride): only empty cells are missing values
    columns = ["mp_id", *_PROPERTY_COLUMNS, "total_magnetization_muB_per_cell"]
    table = pl.read_csv(file, columns=columns, schema_overrides=dict.fromkeys(columns[1:], pl.Float64), null_values="")
    return {
        str(row[0]): {
            _PROPERTY_COLUMNS.get(name, name): value
            for name, value in zip(columns[1:], row[1:], strict=True)
            if value is not None and np.isfinite(value)
        }
        for row in table.select(columns).iter_rows()
    }


def _crystal(row: dict[str, Any], crystal_id: str, file: Path) -> Crystal:
    try:
        numbers = [ATOMIC_NUMBERS[symbol] for symbol in row["species"]]
        return Crystal.from_arrays(crystal_id, row["lattice"], numbers, row["frac"])
    except (KeyError, ValueError) as error:
        raise RequestError(f"source: {file}: row {crystal_id}: {error!r}") from None
