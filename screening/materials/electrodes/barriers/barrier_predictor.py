"""Migration barriers of paths from a released model, with the reason for each path that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.crystals.crystal import Crystal
from screening.errors import RequestError
from screening.materials.electrodes.barriers.barrier_model import BARRIER_PART, BarrierModel
from screening.materials.electrodes.barriers.migration_path import MigrationPath, check_path
from screening.materials.predictor_kind import Description
from screening.tabular.release import find_tabular_release, load_tabular_release

BARRIER_KEY, BARRIER_FORMAT, NO_BARRIERS = "barrier", "barrier-1", "none"
BARRIER_COLUMNS = ("migration_barrier_eV", "migration_barrier_eV_lo", "migration_barrier_eV_hi")


@dataclass(frozen=True)
class BarrierPredictor:
    """A loaded release.

    Attributes:
        model: The learned barrier.
        folder: Of the release.
        training: The release's record of its training.
    """

    model: BarrierModel
    folder: Path | None
    training: Mapping[str, Any] | None

    @classmethod
    def load(cls, release: str, settings: Mapping[str, Any]) -> BarrierPredictor | None:
        """Load a release by name or folder; None for `none`. Raises RequestError if it is unknown or damaged."""
        if release == NO_BARRIERS:
            return None
        folder = find_tabular_release(release, BARRIER_KEY, BARRIER_FORMAT)
        found = load_tabular_release(folder, BARRIER_KEY, BARRIER_FORMAT)
        if BARRIER_PART not in found.parts:
            raise RequestError(f"{BARRIER_KEY}={release}: the release has no part {BARRIER_PART!r}")
        return cls(BarrierModel.from_part(found.parts[BARRIER_PART]), folder, found.training)

    def describe(self, crystals: Sequence[Crystal]) -> Description:
        """No column: a crystal alone has no path."""
        return Description([])

    def predict(self, paths: Sequence[MigrationPath]) -> Floats:
        """(B, 3) value in eV and the ends of its 80 % interval; NaN for paths that `check_path` objects to."""
        result = np.full((len(paths), 3), np.nan)
        usable = [row for row, path in enumerate(paths) if check_path(path) is None]
        if usable:
            result[usable] = self.model.predict([paths[row] for row in usable])
        return result

    def describe_paths(self, rows: Sequence[Mapping[str, Any]]) -> Description:
        """The columns `BARRIER_COLUMNS` of B rows of paths; null in those that are refused, each with its reason."""
        paths: dict[int, MigrationPath] = {}
        refused: dict[int, str] = {}
        for number, row in enumerate(rows):
            try:
                path = MigrationPath.from_row(row)
            except ValueError as error:
                refused[number] = str(error)
                continue
            reason = check_path(path)
            if reason is None:
                paths[number] = path
            else:
                refused[number] = reason
        values = np.full((len(rows), 3), np.nan)
        if paths:
            values[list(paths)] = self.model.predict(list(paths.values()))
        columns = [
            pl.Series(name, column, dtype=pl.Float64).fill_nan(None)
            for name, column in zip(BARRIER_COLUMNS, values.T, strict=True)
        ]
        return Description(columns, refused)
