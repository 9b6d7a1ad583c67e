"""The energy and the cost of a cell: an electrode with the partner of its ion, balanced in charge.

With capacities Q per mass, of a cathode with its ions and of an anode without them,

    energy per mass = (V of the cathode - V of the anode) / (1/Q of the cathode + 1/Q of the anode)

counts the active mass of both and nothing else. So a cathode is the better the higher its voltage, an anode the better
the lower, and figures of both compare. An anode that comes with ions is counted without them: in a cell they come from
the cathode.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import count_matrix
from screening.materials.arrays import number_column
from screening.materials.electrodes.figures.cell_partners import CellRows, CellSettings
from screening.materials.electrodes.figures.charge_range import ChargeRange
from screening.materials.sampling import Distribution
from screening.materials.supply import SupplySettings, prices_USD_per_kg

OPPOSITE = {"": "", "_lo": "_hi", "_hi": "_lo"}
"""Ends of an interval, and the other ones, for a quantity that falls when another rises."""


@dataclass(frozen=True)
class _Cell:
    """B cells, (B,) each: voltage by end of its interval, mass and cost per charge."""

    voltage: dict[str, Floats]
    g_per_mAh: Floats
    own_USD_per_Ah: Floats
    USD_per_Ah: Floats


def cell_columns(
    voltage: Distribution, moved: ChargeRange, anode: Mask, rows: CellRows, supply: SupplySettings
) -> Iterator[pl.Series]:
    """Energy and cost of the cell, with intervals from that of the voltage; null without a positive cell voltage.

    Args:
        voltage: Of B candidates.
        moved: The charge that moves in them.
        anode: Which of them are anodes, (B,).
        rows: The cells of their ions.
        supply: Prices.
    """
    cell = _cell(voltage, moved, anode, rows, supply)
    for end, volts in cell.voltage.items():
        yield number_column(f"cell_energy_Wh_per_kg{end}", volts / cell.g_per_mAh)
    for end, other in OPPOSITE.items():
        positive = np.where(cell.voltage[other] > 0, cell.voltage[other], np.nan)
        yield number_column(f"cell_price_USD_per_kWh{end}", 1000.0 * cell.USD_per_Ah / positive)
        yield number_column(f"price_USD_per_kWh{end}", 1000.0 * cell.own_USD_per_Ah / positive)
    cost = np.where(cell.USD_per_Ah > 0, cell.USD_per_Ah, np.nan)
    for end, volts in cell.voltage.items():
        yield number_column(f"energy_per_cost_kWh_per_USD{end}", volts / cost / 1000.0)


def reference_energy_Wh_per_kg(cell: CellSettings) -> float:
    """Specific energy of the cell of both partners; NaN for an ion without a cathode."""
    if cell.cathode_capacity_mAh_per_g is None or cell.cathode_voltage_V is None:
        return float("nan")
    mass = 1.0 / cell.cathode_capacity_mAh_per_g
    mass += 0.0 if cell.anode_capacity_mAh_per_g is None else 1.0 / cell.anode_capacity_mAh_per_g
    return (cell.cathode_voltage_V - cell.anode_voltage_V) / mass


def _cell(voltage: Distribution, moved: ChargeRange, anode: Mask, rows: CellRows, supply: SupplySettings) -> _Cell:
    capacity = moved.mAh_per_g(moved.practical)
    mass = 1.0 / np.where(capacity > 0, capacity, np.nan)
    cost = mass * prices_USD_per_kg(moved.counts, supply, bought=True)
    ions = moved.ion_g_per_mAh
    ion_price = prices_USD_per_kg(count_matrix(moved.ions), supply, bought=True)
    mass = np.where(anode, mass - ions, mass)
    # Dear ions in a cheap frame leave a rest of rounding, not of money.
    cost = np.where(anode, np.maximum(cost - ions * ion_price, 0.0), cost)
    partner_mass = np.where(anode, rows.cathode.g_per_mAh, rows.anode.g_per_mAh)
    partner_cost = np.where(anode, rows.cathode.USD_per_Ah, rows.anode.USD_per_Ah)
    # Below 0 V the metal plates instead, so no anode gains more than that.
    ends = {"": voltage.value, "_lo": voltage.lo, "_hi": voltage.hi}
    above_metal = {end: np.maximum(volts, 0.0) for end, volts in ends.items()}
    volts = {
        end: np.maximum(
            np.where(anode, rows.cathode.voltage_V - above_metal[OPPOSITE[end]], own - rows.anode.voltage_V), 0.0
        )
        for end, own in ends.items()
    }
    return _Cell(volts, mass + partner_mass, cost, cost + partner_cost)
