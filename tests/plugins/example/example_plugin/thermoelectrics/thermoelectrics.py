"""Thermoelectrics as a material class: heavy semiconductors whose gap fits the temperature.

Good thermoelectrics have heavy atoms, which conduct heat badly, and a gap of about 10 kT (Mahan, J. Appl. Phys. 65,
1578 (1989)): with a smaller one, carriers of the other sign spoil the voltage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import polars as pl

from screening.chemistry.constants import G_PER_CM3_PER_U_PER_A3
from screening.columns.spec import Column
from screening.materials.arrays import flagged, floats, number_column, require_columns
from screening.materials.base import MaterialClass
from screening.settings import setting, settings_class

BOLTZMANN_EV_PER_K = 8.617333262e-5
GAP_IN_KT = 10.0
_ENDS = ("", "_lo", "_hi")


@settings_class
class ThermoelectricSettings:
    """Settings of the section `merit`; hot_side_K: the temperature of the hot end."""

    hot_side_K: float = 600.0


@settings_class
class ThermoelectricKeys:
    """Keys typed bare, as `hot_side_K=900`."""

    hot_side_K: float | None = setting(
        default=None, help="temperature of the hot end in K; null: as task.merit says", minimum=0
    )


class Thermoelectrics(MaterialClass):
    """Thermoelectrics: heavy semiconductors whose gap fits the temperature."""

    name = "thermoelectrics"
    settings = ThermoelectricSettings
    keys = ThermoelectricKeys
    columns = (
        Column("best_temperature_K", "T best", "K", "Temperature at which the predicted gap is 10 kT.", 0, "merit"),
        Column(
            "mean_atomic_mass_u", "Atomic mass", "u", "Mean mass of an atom; heavy ones conduct heat badly.", 1, "merit"
        ),
    )
    flags: ClassVar[Mapping[str, str]] = {
        "gap_too_small": "The gap is below half of 10 kT at the hot end, so carriers of both signs conduct."
    }

    def evaluate(self, table: pl.DataFrame, settings: Any) -> pl.DataFrame:
        require_columns(table, ["band_gap_eV", "density_g_per_cm3", "volume_A3", "n_atoms"])
        per_gap = 1.0 / (GAP_IN_KT * BOLTZMANN_EV_PER_K)
        ends = [
            number_column(f"best_temperature_K{end}", floats(table, f"band_gap_eV{end}") * per_gap) for end in _ENDS
        ]
        mass = floats(table, "density_g_per_cm3") * floats(table, "volume_A3") / G_PER_CM3_PER_U_PER_A3
        too_small = floats(table, "band_gap_eV") * per_gap < settings.hot_side_K / 2
        return table.with_columns(
            *ends,
            number_column("mean_atomic_mass_u", mass / floats(table, "n_atoms")),
            flagged(table, {"gap_too_small": too_small}),
        )
