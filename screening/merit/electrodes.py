"""Battery electrodes, first version: working ion, capacity within the redox limit, stability and supply.

Capacities follow from composition and cell alone and are exact: Q = F n z / M. The voltage, and with it the specific
energy, the price per kWh and the volume change, is not estimated here and has no column.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from screening.crystals.electrodes.redox import ION_CHARGES
from screening.crystals.electrodes.roles import roles
from screening.errors import RequestError
from screening.merit.composition import atomic_masses, count_matrix
from screening.merit.settings import nearest
from screening.merit.supply import SupplySettings, supply_columns
from screening.merit.tables import flagged, floats, number_column, require_columns

FARADAY_MAH_PER_MOL = 26801.4815
"""Faraday constant, 96485.33212 C/mol (CODATA 2018), in mAh/mol."""

CM3_PER_MOL_A3 = 0.602214076
"""Volume in cm³/mol of 1 Å³ per formula unit (Avogadro constant)."""


@dataclass(frozen=True)
class ElectrodeSettings:
    """Settings of `evaluate`; energies in eV/atom.

    working_ion: null finds it in each crystal (the first of Li, Na, K, Mg, Ca, Zn, Al; Li in a host without any).
    supply: prices and origin of the elements. stable_below, metastable_below: limits of the energy above the hull.
    """

    working_ion: str | None = None
    supply: SupplySettings = field(default_factory=SupplySettings)
    stable_below_eV_per_atom: float = 0.05
    metastable_below_eV_per_atom: float = 0.1

    def __post_init__(self) -> None:
        if self.working_ion is not None and self.working_ion not in ION_CHARGES:
            hint = nearest(self.working_ion, list(ION_CHARGES))
            raise RequestError(f"working_ion={self.working_ion}: not a working ion{hint}")


def evaluate(table: pl.DataFrame, settings: ElectrodeSettings) -> pl.DataFrame:
    """The prediction table with working ion, capacities, supply and flags."""
    require_columns(table, ["cell_formula", "volume_A3", "energy_above_hull_eV_per_atom"])
    counts = count_matrix(table["cell_formula"].to_list())
    found = roles(counts, settings.working_ion)
    kinds = found.kinds
    # The discharged composition, and with it the range, is unknown where ions would be added.
    electrons = np.where(found.inserts, np.nan, found.n_ions * found.charges)
    extractable = np.where(found.inserts, np.nan, found.extractable)
    masses = counts @ atomic_masses()
    hull = floats(table, "energy_above_hull_eV_per_atom")
    supply, supply_flags = supply_columns(counts, settings.supply)
    stable, metastable = settings.stable_below_eV_per_atom, settings.metastable_below_eV_per_atom
    flags = {
        **kinds,
        "redox_limited": (extractable > 0) & (extractable < electrons - 1e-6),
        "prediction_missing": np.isnan(hull),
        "metastable": (hull > stable) & (hull <= metastable),
        "unstable": hull > metastable,
        **supply_flags,
    }
    volumetric = FARADAY_MAH_PER_MOL * electrons / (floats(table, "volume_A3") * CM3_PER_MOL_A3)
    columns = [
        pl.Series("working_ion", found.ions, dtype=pl.String),
        number_column("capacity_mAh_per_g", FARADAY_MAH_PER_MOL * electrons / masses),
        number_column("capacity_extractable_mAh_per_g", FARADAY_MAH_PER_MOL * extractable / masses),
        number_column("capacity_mAh_per_cm3", volumetric),
        *supply,
        flagged(table, flags),
    ]
    return table.with_columns(columns)
