from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

TableMaker = Callable[..., pl.DataFrame]

DEFAULTS: dict[str, Any] = {
    "volume_A3": 100.0,
    "energy_above_hull_eV_per_atom": 0.0,
    "band_gap_eV": 0.0,
    "magnetization_muB_per_A3": 0.0,
    "space_group_number": 194,
    "flags": "",
}


@pytest.fixture
def predictions() -> TableMaker:
    """Makes a prediction table: `predictions("Nd2Fe14B", ("Fe", {"volume_A3": 11.8}))`."""

    def make(*rows: str | tuple[str, dict[str, Any]]) -> pl.DataFrame:
        full = []
        for index, row in enumerate(rows):
            formula, values = (row, {}) if isinstance(row, str) else row
            full.append({"candidate_id": f"c{index}", "cell_formula": formula, **DEFAULTS, **values})
        return pl.DataFrame(full, infer_schema_length=None)

    return make
