"""From the first rows of a ranking to finalists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from screening.crystals.crystal import Crystal
from screening.finalists.finalist import Finalist
from screening.finalists.known_materials import KnownMaterials
from screening.materials.electrodes.charging import Charging, charging
from screening.materials.electrodes.predictor import ElectrodePredictor
from screening.materials.magnets.polarization_curves import polarization_curves


def finalists(
    best: pl.DataFrame,
    crystal_of: Callable[[str], Crystal],
    task: Mapping[str, Any],
    electrodes: ElectrodePredictor | None,
    n_states: int | None,
) -> list[Finalist]:
    """One for each row of `best`, the head of a ranked table, in its order.

    crystal_of: gives the crystal of a candidate id. electrodes: None where the task has no two ends. n_states: as in
    `charging`.
    """
    rows = best.to_dicts()
    crystals = [crystal_of(row["candidate_id"]) for row in rows]
    known = KnownMaterials.of_task(task).nearest([crystal.formula for crystal in crystals])
    curves = polarization_curves(best, task) if task.get("magnetic") and rows else [None] * len(rows)
    charged = [Charging()] * len(rows) if electrodes is None else charging(crystals, rows, electrodes, n_states)
    return [
        Finalist(
            candidate_id=row["candidate_id"],
            crystal=crystal,
            charged=None if found.charged is crystal else found.charged,
            discharged=None if found.discharged is crystal else found.discharged,
            curve=found.curve or curve,
            nearest=nearest,
            remarks=found.remarks,
        )
        for row, crystal, curve, found, nearest in zip(rows, crystals, curves, charged, known, strict=True)
    ]
