"""Labels, units and descriptions of all columns."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from screening.columns import column, known_columns

UNITS_IN_NAMES = {
    "_eV_per_atom": "eV/atom",
    "_eV": "eV",
    "_muB_per_A3": "µB/Å³",
    "_A3": "Å³",
    "_g_per_cm3": "g/cm³",
    "_mAh_per_cm3": "mAh/cm³",
    "_mAh_per_g": "mAh/g",
    "_MJ_per_m3": "MJ/m³",
    "_kJ_per_m3": "kJ/m³",
    "_kA_per_m": "kA/m",
    "_pJ_per_m": "pJ/m",
    "_J_per_USD": "J/USD",
    "_USD_per_kg": "USD/kg",
    "_USD_per_kWh": "USD/kWh",
    "_kWh_per_USD": "kWh/USD",
    "_Wh_per_kg": "Wh/kg",
    "_Wh_per_L": "Wh/L",
    "_percent": "%",
    "_deg": "°",
    "_T": "T",
    "_K": "K",
    "_V": "V",
}


@pytest.mark.parametrize("name", known_columns())
def test_the_unit_is_the_one_in_the_name(name: str) -> None:
    unit = next((unit for suffix, unit in UNITS_IN_NAMES.items() if name.endswith(suffix)), "")
    assert known_columns()[name].unit == unit


@pytest.mark.parametrize("name", known_columns())
def test_every_column_is_explained_in_one_sentence(name: str) -> None:
    assert known_columns()[name].name == name
    assert re.fullmatch(r"[^.]+(\.\d[^.]*)*\.", known_columns()[name].description), known_columns()[name].description


def test_bounds_gates_and_unknown_columns() -> None:
    assert column("mu0_Ms_T_lo").unit == "T" and "10th" in column("mu0_Ms_T_lo").description
    assert column("gate_easy_axis_probability").label == "P(easy axis)"
    assert column("something_else").label == "something_else"
    assert column("curie_temperature_K").heading == "Tc (K)"


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys, screening.columns; print([m for m in ('polars', 'torch', 'plotly', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
