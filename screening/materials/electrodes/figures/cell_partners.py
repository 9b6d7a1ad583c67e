"""What a cell of each ion is made of: limits of the voltage, and the electrode that a candidate is paired with.

`datasets/electrodes/cells.csv` has a row for each working ion with the sources. Any value can be replaced:
`+task.merit.cells.Li.cathode_voltage_V=3.8`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats
from screening.chemistry.compositions import count_matrix, formula_counts
from screening.errors import RequestError
from screening.materials.supply import SupplySettings, prices_USD_per_kg
from screening.resources import resource
from screening.settings import build_settings, nearest, settings_class


@settings_class
class CellSettings:
    """The cell of one working ion.

    Attributes:
        anode_below_V: Electrodes with a lower average voltage are anodes.
        highest_voltage_V: That the usual electrolyte withstands.
        plating_below_V: Below this voltage the ion's metal may plate; 0 where the metal is the anode.
        cathode: Formula of the cathode that anodes are paired with; null if there is none.
        cathode_voltage_V: Its average voltage against the metal.
        cathode_capacity_mAh_per_g: Its practical capacity per discharged mass.
        anode: Formula of the anode that cathodes are paired with, without the ion; null for the metal, which adds no
            mass: the ions of the discharged cathode become it.
        anode_voltage_V: Its average voltage.
        anode_capacity_mAh_per_g: Its practical capacity per mass without the ion.
    """

    anode_below_V: float
    highest_voltage_V: float
    plating_below_V: float
    cathode: str | None = None
    cathode_voltage_V: float | None = None
    cathode_capacity_mAh_per_g: float | None = None
    anode: str | None = None
    anode_voltage_V: float = 0.0
    anode_capacity_mAh_per_g: float | None = None

    def check(self, key: str) -> None:
        """Raise RequestError, which names `key`, for a partner that is not described whole."""
        for side in ("cathode", "anode"):
            formula, capacity = getattr(self, side), getattr(self, f"{side}_capacity_mAh_per_g")
            if formula is not None and np.isnan(formula_counts([formula])).any():
                raise RequestError(f"{key}.{side}: expected a formula such as LiFePO4, got {formula!r}")
            if (formula is None) != (capacity is None) or (capacity is not None and not capacity > 0):
                raise RequestError(f"{key}.{side}_capacity_mAh_per_g: expected a number above 0 beside {side}, or none")
        if (self.cathode is None) != (self.cathode_voltage_V is None):
            raise RequestError(f"{key}.cathode_voltage_V: expected a number beside cathode, or none")


@dataclass(frozen=True)
class Partner:
    """The other electrode of B cells, (B,) each; NaN where there is none.

    Attributes:
        voltage_V: Its average voltage against the ion's metal.
        g_per_mAh: Its mass per charge; 0 for a metal.
        USD_per_Ah: Its cost per charge; 0 for a metal.
    """

    voltage_V: Floats
    g_per_mAh: Floats
    USD_per_Ah: Floats


@dataclass(frozen=True)
class CellRows:
    """The cells of B candidates, (B,) each.

    Attributes:
        anode_below_V: As in `CellSettings`, and so on.
        highest_voltage_V: As there.
        plating_below_V: As there.
        cathode: The partner of an anode.
        anode: The partner of a cathode.
    """

    anode_below_V: Floats
    highest_voltage_V: Floats
    plating_below_V: Floats
    cathode: Partner
    anode: Partner


def cell_settings(given: Mapping[str, Mapping[str, Any]]) -> dict[str, CellSettings]:
    """The cell of each ion: that of the table, with the given values in place of its own.

    Raises:
        RequestError: An ion, a key or a value is wrong; the message names it.
    """
    table = _table()
    for ion in given:
        if ion not in table:
            raise RequestError(f"task.merit.cells.{ion}: expected one of {', '.join(table)}{nearest(ion, list(table))}")
    cells = {}
    for ion, row in table.items():
        key = f"task.merit.cells.{ion}"
        cells[ion] = build_settings(CellSettings, {**row, **given.get(ion, {})}, key)
        cells[ion].check(key)
    return cells


def cell_rows(ions: Sequence[str], cells: Mapping[str, CellSettings], supply: SupplySettings) -> CellRows:
    """The cells of B candidates.

    Args:
        ions: The working ion of each.
        cells: The cell of each ion.
        supply: Prices.
    """
    names = list(cells)
    rows = np.array([names.index(ion) for ion in ions], dtype=np.int64)
    anode_below, highest, plating = (
        np.array([getattr(cells[ion], name) for ion in names], dtype=np.float64)[rows]
        for name in ("anode_below_V", "highest_voltage_V", "plating_below_V")
    )
    cathode, anode = (
        Partner(*(values[rows] for values in _partners(side, list(cells.values()), supply)))
        for side in ("cathode", "anode")
    )
    return CellRows(anode_below, highest, plating, cathode, anode)


def _partners(side: str, cells: Sequence[CellSettings], supply: SupplySettings) -> tuple[Floats, Floats, Floats]:
    """Voltage, mass and cost per charge of one side of each ion's cell."""
    volts, capacities = (
        np.array([getattr(cell, f"{side}_{name}") for cell in cells], dtype=np.float64)
        for name in ("voltage_V", "capacity_mAh_per_g")
    )
    formulas = [getattr(cell, side) for cell in cells]
    prices = prices_USD_per_kg(count_matrix([formula or "H" for formula in formulas]), supply, bought=True)
    masses = 1.0 / capacities
    if side == "anode":  # where no formula is given, the ion's metal
        metal = np.array([formula is None for formula in formulas])
        masses, prices = np.where(metal, 0.0, masses), np.where(metal, 0.0, prices)
    return volts, masses, prices * masses


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Mapping[str, Any]]:
    """The rows of `datasets/electrodes/cells.csv` by ion, without sources and empty cells."""
    file = resource("datasets") / "electrodes" / "cells.csv"
    known = {field.name for field in fields(CellSettings)}
    numbers = {name: pl.Float64 for name in known if name.endswith(("_V", "_g"))}
    rows = pl.read_csv(file, schema_overrides=numbers).iter_rows(named=True)
    return {row["ion"]: {name: row[name] for name in known if row[name] is not None} for row in rows}
