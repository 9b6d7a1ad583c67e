"""Figures of merit of electrodes: capacity, voltage, energy, strain, stability of both ends, and supply.

Capacities follow from composition and cell alone and are exact. Voltages and volume changes are taken from the table of
predictions; without them the figures that depend on them are null. Energy and cost are those of a cell with a stated
partner, so that cathodes and anodes are weighed alike (`screening.materials.electrodes.figures.cell_energy`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import count_matrix
from screening.errors import RequestError
from screening.materials.arrays import (
    flagged,
    floats,
    interval_columns,
    names_with_interval,
    number_column,
    require_columns,
)
from screening.materials.electrodes.end_members.redox import ION_CHARGES
from screening.materials.electrodes.end_members.roles import roles
from screening.materials.electrodes.figures.cell_energy import OPPOSITE, cell_columns, reference_energy_Wh_per_kg
from screening.materials.electrodes.figures.cell_partners import CellRows, CellSettings, cell_rows, cell_settings
from screening.materials.electrodes.figures.charge_range import ChargeRange, charge_range
from screening.materials.electrodes.figures.ion_exchange import made_by_ion_exchange
from screening.materials.electrodes.reasons import electrode_reasons
from screening.materials.sampling import Distribution
from screening.materials.supply import SupplySettings, supply_columns
from screening.settings import nearest, settings_class

PREDICTED = (
    *names_with_interval("voltage_calculated_V"),
    *names_with_interval("voltage_calculated_practical_V"),
    *names_with_interval("voltage_V"),
    *names_with_interval("volume_change_percent"),
    *names_with_interval("discharged_energy_above_hull_eV_per_atom"),
    *names_with_interval("charged_energy_above_hull_eV_per_atom"),
    *names_with_interval("migration_barrier_eV"),
    "path_dimensions",
)
WORDS = ("electrode_kind",)
"""Columns of words that gates look at."""
CATHODE, ANODE = "cathode", "anode"
REFERENCE_ION = "Li"
"""`relative_energy` is 1 for the cell of this ion's partners: LiFePO4 with graphite."""


@settings_class
class ElectrodeSettings:
    """Settings of `evaluate`.

    Attributes:
        working_ion: null takes the first of Li, Na, K, Mg, Ca, Zn and Al that a crystal contains, or Li for a host
            without any of them.
        supply: Prices and origin of the elements.
        stable_below_eV_per_atom: Limit of the energy above the hull for stable crystals.
        metastable_below_eV_per_atom: The same for metastable crystals.
        anode_below_V: Electrodes with a lower average voltage are anodes; null: the limit of each ion.
        highest_voltage_V: That the electrolyte withstands; null: the limit of each ion.
        plating_below_V: Below this voltage the ion's metal may plate; null: the limit of each ion.
        cells: Ion -> values that replace those of `datasets/electrodes/cells.csv`: `{Li: {cathode_voltage_V: 3.8}}`.
    """

    working_ion: str | None = None
    supply: SupplySettings = field(default_factory=SupplySettings)
    stable_below_eV_per_atom: float = 0.05
    metastable_below_eV_per_atom: float = 0.1
    anode_below_V: float | None = None
    highest_voltage_V: float | None = None
    plating_below_V: float | None = None
    cells: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.working_ion is not None and self.working_ion not in ION_CHARGES:
            hint = nearest(self.working_ion, list(ION_CHARGES))
            raise RequestError(f"working_ion={self.working_ion}: expected one of {', '.join(ION_CHARGES)}{hint}")
        _ = self.cell_of_ion

    @cached_property
    def cell_of_ion(self) -> dict[str, CellSettings]:
        """The cell of each ion. Raises RequestError for a wrong one."""
        everywhere = {
            name: getattr(self, name)
            for name in ("anode_below_V", "highest_voltage_V", "plating_below_V")
            if getattr(self, name) is not None
        }
        given = {ion: {**everywhere, **values} for ion, values in self.cells.items()}
        return cell_settings({**dict.fromkeys(ION_CHARGES, everywhere), **given})


def evaluate(table: pl.DataFrame, settings: ElectrodeSettings) -> pl.DataFrame:
    """The prediction table with working ion, capacities, energies, role, supply and flags.

    Raises:
        RequestError: A column is missing.
    """
    require_columns(table, ["cell_formula", "volume_A3", "energy_above_hull_eV_per_atom"])
    counts = count_matrix(table["cell_formula"].to_list())
    found = roles(counts, settings.working_ion)
    voltage = Distribution.from_table(table, "voltage_V")
    voltage = voltage.where(np.isfinite(voltage.value), Distribution.from_table(table, "voltage_calculated_V"))
    moved = charge_range(table, counts, found)
    rows = cell_rows(moved.ions, settings.cell_of_ion, settings.supply)
    anode = voltage.value < rows.anode_below_V
    supply, supply_flags = supply_columns(counts, settings.supply, bought=True)
    columns = [
        *(number_column(name, floats(table, name)) for name in PREDICTED),  # null where nothing predicts it
        *(_words(table, name) for name in WORDS),
        pl.Series("working_ion", moved.ions, dtype=pl.String),
        _role(voltage.value, anode),
        *_capacities(moved),
        *_energies(voltage, moved),
        *cell_columns(voltage, moved, anode, rows, settings.supply),
        *_margin(voltage, rows),
        *_strain(table),
        *supply,
    ]
    flags = {
        **(found.kinds if "electrode_origin" not in table.columns else {}),  # else the predictor has set these flags
        "redox_limited": (moved.extractable > 0) & (moved.extractable < moved.electrons - 1e-6),
        **_prediction_flags(table, voltage, rows, settings),
        "made_by_ion_exchange": made_by_ion_exchange(counts, table),
        **supply_flags,
    }
    result = table.with_columns(*columns, flagged(table, flags))
    return result.with_columns(*_relative_energy(result, settings))


def explain(ranked: pl.DataFrame, gates: Mapping[str, Mapping[str, Any]]) -> pl.Series:
    """The column `why` of a ranked table.

    Args:
        ranked: The ranked table.
        gates: The gates of the ranking, as in the task's config.
    """
    return electrode_reasons(ranked, gates)


def _words(table: pl.DataFrame, name: str) -> pl.Series:
    given = table[name].to_list() if name in table.columns else [None] * table.height
    return pl.Series(name, given, dtype=pl.String)


def _role(voltage: Floats, anode: Mask) -> pl.Series:
    labels = [None if np.isnan(v) else ANODE if a else CATHODE for v, a in zip(voltage, anode, strict=True)]
    return pl.Series("electrode_role", labels, dtype=pl.String)


def _capacities(moved: ChargeRange) -> list[pl.Series]:
    practical = moved.mAh_per_g(moved.practical)
    charged = 1.0 / np.where(practical > 0, practical, np.nan) - moved.ion_g_per_mAh
    return [
        number_column("capacity_mAh_per_g", moved.mAh_per_g(moved.electrons)),
        number_column("capacity_extractable_mAh_per_g", moved.mAh_per_g(moved.extractable)),
        number_column("capacity_practical_mAh_per_g", practical),
        number_column("capacity_practical_charged_mAh_per_g", 1.0 / np.where(charged > 0, charged, np.nan)),
        number_column("capacity_mAh_per_cm3", moved.mAh_per_cm3(moved.electrons)),
    ]


def _energies(voltage: Distribution, moved: ChargeRange) -> list[pl.Series]:
    """Energy against the ion's metal per mass and per volume, with intervals from that of the voltage."""
    per_mass, per_volume = moved.mAh_per_g(moved.practical), moved.mAh_per_cm3(moved.practical)
    columns = []
    for suffix, volts in (("", voltage.value), ("_lo", voltage.lo), ("_hi", voltage.hi)):
        columns.append(number_column(f"specific_energy_Wh_per_kg{suffix}", per_mass * volts))
        columns.append(number_column(f"energy_density_Wh_per_L{suffix}", per_volume * volts))
    return columns


def _relative_energy(table: pl.DataFrame, settings: ElectrodeSettings) -> Sequence[pl.Expr]:
    """Energy of the cell in units of that of the reference."""
    scale = reference_energy_Wh_per_kg(settings.cell_of_ion[REFERENCE_ION])
    return [(pl.col(f"cell_energy_Wh_per_kg{end}") / scale).alias(f"relative_energy{end}") for end in OPPOSITE]


def _margin(voltage: Distribution, rows: CellRows) -> list[pl.Series]:
    """How far the voltage stays below what the electrolyte of the ion withstands."""
    left = [rows.highest_voltage_V - volts for volts in (voltage.value, voltage.hi, voltage.lo)]
    return interval_columns("window_margin_V", np.stack(left, axis=1))


def _strain(table: pl.DataFrame) -> list[pl.Series]:
    """The absolute volume change."""
    change = Distribution.from_table(table, "volume_change_percent")
    low, high = np.abs(change.lo), np.abs(change.hi)
    across = (change.lo < 0) & (change.hi > 0)
    sizes = (np.abs(change.value), np.where(across, 0.0, np.minimum(low, high)), np.maximum(low, high))
    return interval_columns("strain_percent", np.stack(sizes, axis=1))


def _prediction_flags(
    table: pl.DataFrame, voltage: Distribution, rows: CellRows, settings: ElectrodeSettings
) -> dict[str, Mask]:
    hull, volts = floats(table, "energy_above_hull_eV_per_atom"), voltage.value
    stable, metastable = settings.stable_below_eV_per_atom, settings.metastable_below_eV_per_atom
    return {
        "prediction_missing": np.isnan(hull),
        "metastable": (hull > stable) & (hull <= metastable),
        "unstable": hull > metastable,
        "role_unclear": (voltage.lo < rows.anode_below_V) & (voltage.hi > rows.anode_below_V),
        "above_voltage_window": volts > rows.highest_voltage_V,
        "negative_voltage": volts < 0,
        "plating_risk": (volts >= 0) & (volts < rows.plating_below_V),
    }
