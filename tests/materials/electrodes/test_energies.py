"""Electrodes with predicted voltages: exact capacities of pairs, energies, roles, costs, strain, reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
import yaml

from screening.errors import RequestError
from screening.materials.electrodes.merit import ElectrodeSettings, evaluate
from screening.materials.task_merit import explain_task
from screening.ranking import rank_table, ranking_settings
from screening.resources import resource

TableMaker = Callable[..., pl.DataFrame]
LIFEPO4: dict[str, Any] = {
    "working_ion": "Li", "electrode_origin": "topotactic", "discharged_cell_formula": "Li4Fe4P4O16",
    "discharged_volume_A3": 291.4, "n_ions_removed": 4.0, "n_ions_extractable": 4.0, "volume_A3": 291.4,
    "voltage_calculated_V": 3.4, "voltage_calculated_V_lo": 3.2, "voltage_calculated_V_hi": 3.6,
    "voltage_V": 3.4, "voltage_V_lo": 3.2, "voltage_V_hi": 3.6,
    "charged_energy_above_hull_eV_per_atom": 0.03,
    "volume_change_percent": -6.6, "volume_change_percent_lo": -8.0, "volume_change_percent_hi": -5.0,
}  # fmt: skip


def row_of(maker: TableMaker, formula: str, values: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return evaluate(maker((formula, values)), ElectrodeSettings(**settings)).row(0, named=True)


@pytest.mark.parametrize(
    ("given", "discharged", "ion", "removed", "capacity"),
    [
        ("LiCoO2", "LiCoO2", "Li", 1, 273.8),
        ("Li4Fe4P4O16", "Li4Fe4P4O16", "Li", 4, 169.9),
        ("Fe4P4O16", "Li4Fe4P4O16", "Li", 4, 169.9),  # a host, discharged by insertion
        ("LiMn2O4", "LiMn2O4", "Li", 1, 148.2),
        ("MgMn2O4", "MgMn2O4", "Mg", 1, 270.3),  # two electrons an ion
    ],
)
def test_capacities_of_pairs_are_exact(
    predictions: TableMaker, given: str, discharged: str, ion: str, removed: float, capacity: float
) -> None:
    values = {**LIFEPO4, "working_ion": ion, "discharged_cell_formula": discharged}
    row = row_of(predictions, given, {**values, "n_ions_removed": float(removed), "n_ions_extractable": removed / 2})
    assert row["capacity_mAh_per_g"] == pytest.approx(capacity, abs=0.2)
    assert row["capacity_extractable_mAh_per_g"] == pytest.approx(capacity / 2, abs=0.1)
    assert "redox_limited" in row["flags"]


def test_the_capacity_of_an_anode_is_that_of_the_crystal_as_given(predictions: TableMaker) -> None:
    values = {**LIFEPO4, "electrode_origin": "inserted", "n_ions_removed": 3.0, "n_ions_extractable": 3.0}
    values |= {"discharged_cell_formula": "Li7Ti5O12", "voltage_V": 1.55}
    assert row_of(predictions, "Li4Ti5O12", values)["capacity_mAh_per_g"] == pytest.approx(175.1, abs=0.1)
    graphite = {**values, "discharged_cell_formula": "LiC6", "n_ions_removed": 1.0, "voltage_V": 0.15}
    assert row_of(predictions, "C6", graphite)["capacity_mAh_per_g"] == pytest.approx(371.9, abs=0.2)


def test_energies_follow_the_voltage_with_its_interval(predictions: TableMaker) -> None:
    row = row_of(predictions, "Li4Fe4P4O16", LIFEPO4)
    assert row["specific_energy_Wh_per_kg"] == pytest.approx(577.6, abs=1)
    assert row["energy_density_Wh_per_L"] == pytest.approx(577.6 * 3.596, rel=0.01)  # 3.596 g/cm³
    assert row["relative_energy"] == pytest.approx(1.0, abs=0.01)
    assert row["electrode_role"] == "cathode"
    for name in ("specific_energy_Wh_per_kg", "relative_energy", "price_USD_per_kWh", "strain_percent"):
        assert row[f"{name}_lo"] < row[name] < row[f"{name}_hi"]
    assert row["strain_percent"] == pytest.approx(6.6)
    assert row["price_USD_per_kWh"] == pytest.approx(1000 * row["price_USD_per_kg"] / row["specific_energy_Wh_per_kg"])
    assert row["energy_per_cost_kWh_per_USD"] * row["price_USD_per_kWh"] == pytest.approx(1.0)


def test_an_anode_is_the_better_the_lower_its_voltage(predictions: TableMaker) -> None:
    low, high = (
        row_of(predictions, "Li4Fe4P4O16", {**LIFEPO4, "voltage_V": v, "voltage_V_lo": v - 0.1,
                                            "voltage_V_hi": v + 0.1})
        for v in (0.5, 1.5)
    )  # fmt: skip
    assert low["electrode_role"] == high["electrode_role"] == "anode"
    assert low["relative_energy"] > high["relative_energy"] > 0
    assert low["relative_energy_lo"] < low["relative_energy"] < low["relative_energy_hi"]


@pytest.mark.parametrize(
    ("voltage", "flag"),
    [(5.1, "above_voltage_window"), (-0.2, "negative_voltage"), (0.05, "plating_risk"), (3.0, None)],
)
def test_voltages_outside_the_window_are_flagged(predictions: TableMaker, voltage: float, flag: str | None) -> None:
    row = row_of(predictions, "Li4Fe4P4O16", {**LIFEPO4, "voltage_V": voltage})
    found = {"above_voltage_window", "negative_voltage", "plating_risk"} & set(row["flags"].split(";"))
    assert found == ({flag} if flag else set())
    if voltage < 0:
        assert row["price_USD_per_kWh"] is None


def test_without_a_voltage_there_is_a_capacity_and_no_energy(predictions: TableMaker) -> None:
    row = row_of(predictions, "LiCoO2", {})
    assert row["capacity_mAh_per_g"] == pytest.approx(273.8, abs=0.2)
    for name in (
        "voltage_calculated_V",
        "specific_energy_Wh_per_kg",
        "price_USD_per_kWh",
        "strain_percent",
        "electrode_role",
    ):
        assert row[name] is None


def test_a_strain_of_uncertain_sign_can_be_zero(predictions: TableMaker) -> None:
    values = {"volume_change_percent": 1.0, "volume_change_percent_lo": -2.0, "volume_change_percent_hi": 4.0}
    row = row_of(predictions, "Li4Fe4P4O16", {**LIFEPO4, **values})
    assert (row["strain_percent"], row["strain_percent_lo"], row["strain_percent_hi"]) == (1.0, 0.0, 4.0)


def test_an_element_without_a_cost_gives_no_ratio(predictions: TableMaker) -> None:
    from screening.materials.supply import SupplySettings

    free = SupplySettings(prices=dict.fromkeys(("Li", "Fe", "P", "O"), 0.0))
    assert row_of(predictions, "Li4Fe4P4O16", LIFEPO4, supply=free)["energy_per_cost_kWh_per_USD"] is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "andidate: cathode for Li, 3.40 V, 170 mAh/g, 578 Wh/kg"),
        ({"voltage_V": 5.5, "voltage_V_lo": 5.3, "voltage_V_hi": 5.7},
         "5.50 V is near or beyond what electrolytes stand (4.5 V)"),
        ({"voltage_V": None, "voltage_calculated_V": None}, "Its voltage is not known"),
        ({"flags": "not_an_electrode"}, "The ion cannot leave or enter reversibly"),
        ({"energy_above_hull_eV_per_atom": 0.3}, "Hard to make: 0.300 eV/atom above the hull"),
        ({"volume_change_percent": -30.0, "volume_change_percent_lo": -31.0, "volume_change_percent_hi": -29.0},
         "The volume changes by 30 %"),
        ({"n_ions_extractable": 0.2}, "Only 8 mAh/g leave within the redox limit"),
    ],
)  # fmt: skip
def test_the_reason_names_the_main_weakness(predictions: TableMaker, changes: dict[str, Any], expected: str) -> None:
    task = yaml.safe_load((resource("configs") / "task" / "electrodes.yaml").read_text("utf-8"))
    merits = evaluate(predictions(("Li4Fe4P4O16", {**LIFEPO4, **changes})), ElectrodeSettings())
    ranked = rank_table(merits, ranking_settings(task["ranking"]))
    assert expected in explain_task(ranked, task)["why"][0]


def test_wrong_scales_are_refused_by_name() -> None:
    with pytest.raises(RequestError, match="anode_scale_Wh_per_kg"):
        ElectrodeSettings(anode_scale_Wh_per_kg=0.0)
