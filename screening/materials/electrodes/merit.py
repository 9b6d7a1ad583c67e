"""Figures of merit of battery electrodes: capacity, voltage, energy, strain, stability of both ends, and supply.

Capacities follow from composition and cell alone and are exact: Q = F n z / M. Voltages and volume changes are taken
from the table of predictions; without them the figures that depend on them are null. The figure of a cathode is the
energy that it stores, Q V; that of an anode is the energy of a cell with a typical cathode, Q (V of the cathode - V).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import count_matrix
from screening.chemistry.constants import CM3_PER_MOL_PER_A3, FARADAY_MAH_PER_MOL
from screening.chemistry.elements import ATOMIC_NUMBERS, atomic_masses
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
from screening.materials.electrodes.end_members.roles import Roles, roles
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
)
CATHODE, ANODE = "cathode", "anode"


@settings_class
class ElectrodeSettings:
    """Settings of `evaluate`.

    Attributes:
        working_ion: null takes the first of Li, Na, K, Mg, Ca, Zn and Al that a crystal contains, or Li for a host
            without any of them.
        supply: Prices and origin of the elements.
        stable_below_eV_per_atom: Limit of the energy above the hull for stable crystals.
        metastable_below_eV_per_atom: The same for metastable crystals.
        anode_below_V: Electrodes with a lower average voltage are anodes.
        partner_voltage_V: Voltage of the cathode that anodes are paired with.
        cathode_scale_Wh_per_kg: Specific energy that counts as 1 for cathodes: LiFePO4, 169.9 mAh/g at 3.4 V.
        anode_scale_Wh_per_kg: The same for anodes: graphite with this cathode, 372 mAh/g at 0.15 V.
        highest_voltage_V: That common electrolytes withstand.
        plating_below_V: Below this voltage the ion's metal may plate.
    """

    working_ion: str | None = None
    supply: SupplySettings = field(default_factory=SupplySettings)
    stable_below_eV_per_atom: float = 0.05
    metastable_below_eV_per_atom: float = 0.1
    anode_below_V: float = 1.7
    partner_voltage_V: float = 3.4
    cathode_scale_Wh_per_kg: float = 578.0
    anode_scale_Wh_per_kg: float = 1209.0
    highest_voltage_V: float = 4.5
    plating_below_V: float = 0.1

    def __post_init__(self) -> None:
        if self.working_ion is not None and self.working_ion not in ION_CHARGES:
            hint = nearest(self.working_ion, list(ION_CHARGES))
            raise RequestError(f"working_ion={self.working_ion}: expected one of {', '.join(ION_CHARGES)}{hint}")
        for name in ("cathode_scale_Wh_per_kg", "anode_scale_Wh_per_kg"):
            if not getattr(self, name) > 0:
                raise RequestError(f"task.merit.{name}: expected a number above 0, got {getattr(self, name)}")


@dataclass(frozen=True)
class Range:
    """The charge that moves, per cell of the discharged crystal, (B,) each; NaN where it is unknown.

    Capacities refer to the discharged state, and for anodes given without their ion to the given crystal.

    Attributes:
        electrons: Charge of all ions.
        extractable: Charge within the redox limit.
        mass_u: Mass that capacities refer to.
        volume_A3: Volume that capacities refer to.
    """

    electrons: Floats
    extractable: Floats
    mass_u: Floats
    volume_A3: Floats

    def mAh_per_g(self, electrons: Floats) -> Floats:
        """Capacity per mass."""
        return np.asarray(FARADAY_MAH_PER_MOL * electrons / self.mass_u)

    def mAh_per_cm3(self, electrons: Floats) -> Floats:
        """Capacity per volume."""
        return np.asarray(FARADAY_MAH_PER_MOL * electrons / (self.volume_A3 * CM3_PER_MOL_PER_A3))


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
    anode = voltage.value < settings.anode_below_V
    ions, moved = _range(table, counts, found, anode)
    supply, supply_flags = supply_columns(counts, settings.supply)
    price = next(series for series in supply if series.name == "price_USD_per_kg")
    capacity = moved.mAh_per_g(moved.extractable)
    columns = [
        *(number_column(name, floats(table, name)) for name in PREDICTED),  # null where nothing predicts it
        pl.Series("working_ion", ions, dtype=pl.String),
        number_column("capacity_mAh_per_g", moved.mAh_per_g(moved.electrons)),
        number_column("capacity_extractable_mAh_per_g", capacity),
        number_column("capacity_mAh_per_cm3", moved.mAh_per_cm3(moved.electrons)),
        _role(voltage.value, anode),
        *_energies(voltage, capacity, moved, anode, settings),
        *supply,
    ]
    flags = {
        **(found.kinds if "electrode_origin" not in table.columns else {}),  # else the predictor has set these flags
        "redox_limited": (moved.extractable > 0) & (moved.extractable < moved.electrons - 1e-6),
        **_prediction_flags(table, voltage.value, settings),
        **supply_flags,
    }
    result = table.with_columns(*columns, flagged(table, flags))
    return _with_cost(result, price)


def explain(ranked: pl.DataFrame, gates: Mapping[str, Mapping[str, Any]]) -> pl.Series:
    """The column `why` of a ranked table.

    Args:
        ranked: The ranked table.
        gates: The gates of the ranking, as in the task's config.
    """
    return electrode_reasons(ranked, gates)


def _range(table: pl.DataFrame, counts: Floats, found: Roles, anode: Mask) -> tuple[list[str], Range]:
    """Working ion and range of each row, from the pair of crystals if the table has one, otherwise by composition."""
    masses, volume = counts @ atomic_masses(), floats(table, "volume_A3")
    # The composition alone does not give the range of hosts that take up ions.
    electrons = np.where(found.inserts, np.nan, found.n_ions * found.charges)
    extractable = np.where(found.inserts, np.nan, found.extractable)
    ions = list(found.ions)
    if "electrode_origin" in table.columns:
        paired = table["electrode_origin"].is_not_null().to_numpy()
        ions = [own or ion for own, ion in zip(table["working_ion"].to_list(), ions, strict=True)]
        numbers, charges = [ATOMIC_NUMBERS[ion] for ion in ions], np.array([ION_CHARGES[ion] for ion in ions])
        removed = floats(table, "n_ions_removed")
        discharged = count_matrix(table["discharged_cell_formula"].fill_null("H").to_list()) @ atomic_masses()
        as_given = (table["electrode_origin"] == "inserted").fill_null(False).to_numpy() & anode
        discharged = discharged - np.where(as_given, removed * atomic_masses()[numbers], 0.0)
        masses = np.where(paired, discharged, masses)
        volume = np.where(paired, floats(table, "discharged_volume_A3"), volume)
        electrons = np.where(paired, removed * charges, electrons)
        extractable = np.where(paired, floats(table, "n_ions_extractable") * charges, extractable)
    return ions, Range(electrons, extractable, masses, volume)


def _role(voltage: Floats, anode: Mask) -> pl.Series:
    labels = [None if np.isnan(v) else ANODE if a else CATHODE for v, a in zip(voltage, anode, strict=True)]
    return pl.Series("electrode_role", labels, dtype=pl.String)


def _energies(
    voltage: Distribution, capacity: Floats, moved: Range, anode: Mask, settings: ElectrodeSettings
) -> list[pl.Series]:
    """Specific energy, energy density and `relative_energy`, with intervals from that of the voltage."""
    volumetric = moved.mAh_per_cm3(moved.extractable)
    ends = {"": voltage.value, "_lo": voltage.lo, "_hi": voltage.hi}
    columns = []
    for suffix, volts in ends.items():
        columns.append(number_column(f"specific_energy_Wh_per_kg{suffix}", capacity * volts))
        columns.append(number_column(f"energy_density_Wh_per_L{suffix}", volumetric * volts))
    opposite = {"": "", "_lo": "_hi", "_hi": "_lo"}  # the lower the voltage, the better the anode
    for suffix, volts in ends.items():
        as_cathode = capacity * volts / settings.cathode_scale_Wh_per_kg
        left = np.maximum(settings.partner_voltage_V - ends[opposite[suffix]], 0.0)
        as_anode = capacity * left / settings.anode_scale_Wh_per_kg
        columns.append(number_column(f"relative_energy{suffix}", np.where(anode, as_anode, as_cathode)))
    return columns


def _prediction_flags(table: pl.DataFrame, voltage: Floats, settings: ElectrodeSettings) -> dict[str, Mask]:
    hull = floats(table, "energy_above_hull_eV_per_atom")
    stable, metastable = settings.stable_below_eV_per_atom, settings.metastable_below_eV_per_atom
    return {
        "prediction_missing": np.isnan(hull),
        "metastable": (hull > stable) & (hull <= metastable),
        "unstable": hull > metastable,
        "above_voltage_window": voltage > settings.highest_voltage_V,
        "negative_voltage": voltage < 0,
        "plating_risk": (voltage >= 0) & (voltage < settings.plating_below_V),
    }


def _with_cost(table: pl.DataFrame, price: pl.Series) -> pl.DataFrame:
    """The table with the price of the elements per kilowatt-hour, null without a positive energy, and with the strain.

    The strain is the absolute volume change.
    """
    ends = {"": "", "_lo": "_hi", "_hi": "_lo"}
    columns = []
    for suffix, other in ends.items():
        energy = pl.col(f"specific_energy_Wh_per_kg{other}")
        columns.append((1000.0 * price / pl.when(energy > 0).then(energy)).alias(f"price_USD_per_kWh{suffix}"))
        own = pl.col(f"specific_energy_Wh_per_kg{suffix}")
        per_cost = own / (1000.0 * pl.lit(price.replace({0.0: None})))
        columns.append(per_cost.alias(f"energy_per_cost_kWh_per_USD{suffix}"))
    change = Distribution.from_table(table, "volume_change_percent")
    low, high = np.abs(change.lo), np.abs(change.hi)
    across = (change.lo < 0) & (change.hi > 0)
    sizes = (np.abs(change.value), np.where(across, 0.0, np.minimum(low, high)), np.maximum(low, high))
    return table.with_columns(*columns, *interval_columns("strain_percent", np.stack(sizes, axis=1)))
