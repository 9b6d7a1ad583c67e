"""The least that a material class can be: one column, no keys, flags, texts, landmarks or measurements."""

from __future__ import annotations

from typing import Any

import polars as pl

from screening.columns.spec import Column
from screening.materials.base import MaterialClass, NoKeys


class Heavy(MaterialClass):
    """Dense crystals, for flywheels and keels."""

    name = "heavy"
    settings = NoKeys
    columns = (Column("density_kg_per_m3", "Density", "kg/m³", "Mass density in kg/m³.", 0, "merit"),)

    def evaluate(self, table: pl.DataFrame, settings: Any) -> pl.DataFrame:
        return table.with_columns(density_kg_per_m3=1000.0 * pl.col("density_g_per_cm3"))
