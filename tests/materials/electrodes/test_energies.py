"""Electrodes with predicted voltages: exact capacities of pairs, energies, roles, costs, strain, reasons."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
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


def test_capacities_are_per_discharged_mass_and_those_of_anodes_also_without_the_ion(predictions: TableMaker) -> None:
    values = {**LIFEPO4, "electrode_origin": "inserted", "n_ions_removed": 1.0, "n_ions_extractable": 1.0}
    graphite = row_of(predictions, "C6", {**values, "discharged_cell_formula": "LiC6", "voltage_V": 0.15})
    assert graphite["capacity_mAh_per_g"] == pytest.approx(339.2, abs=0.1)
    assert graphite["capacity_practical_charged_mAh_per_g"] == pytest.approx(371.9, abs=0.2)
    loaded = row_of(predictions, "LiC6", {**values, "discharged_cell_formula": "LiC6", "voltage_V": 0.15})
    for name in ("capacity_mAh_per_g", "cell_energy_Wh_per_kg", "cell_price_USD_per_kWh", "price_USD_per_kWh"):
        assert loaded[name] == pytest.approx(graphite[name])


def test_the_practical_limit_sets_capacity_and_energy_and_the_redox_limit_stands_in_for_it(
    predictions: TableMaker,
) -> None:
    half = row_of(predictions, "Li4Fe4P4O16", {**LIFEPO4, "n_ions_practical": 2.0})
    whole = row_of(predictions, "Li4Fe4P4O16", {**LIFEPO4, "n_ions_practical": None})
    assert (
        half["capacity_extractable_mAh_per_g"] == whole["capacity_practical_mAh_per_g"] == pytest.approx(169.9, abs=0.1)
    )
    assert half["capacity_practical_mAh_per_g"] == pytest.approx(169.9 / 2, abs=0.1)
    assert half["specific_energy_Wh_per_kg"] == pytest.approx(whole["specific_energy_Wh_per_kg"] / 2)
    assert half["cell_energy_Wh_per_kg"] < whole["cell_energy_Wh_per_kg"]


def test_energies_follow_the_voltage_with_its_interval(predictions: TableMaker) -> None:
    row = row_of(predictions, "Li4Fe4P4O16", LIFEPO4)
    assert row["specific_energy_Wh_per_kg"] == pytest.approx(577.6, abs=1)
    assert row["energy_density_Wh_per_L"] == pytest.approx(577.6 * 3.596, rel=0.01)  # 3.596 g/cm³
    # The cell with graphite: 3.4 V less 0.1 V, 169.9 and 360 mAh/g.
    assert row["cell_energy_Wh_per_kg"] == pytest.approx(3.3 / (1 / 169.9 + 1 / 360), abs=0.2)
    assert row["relative_energy"] == pytest.approx(1.0, abs=0.03)
    assert row["electrode_role"] == "cathode"
    for name in ("specific_energy_Wh_per_kg", "cell_energy_Wh_per_kg", "relative_energy", "cell_price_USD_per_kWh",
                 "price_USD_per_kWh", "strain_percent"):  # fmt: skip
        assert row[f"{name}_lo"] < row[name] < row[f"{name}_hi"]
    assert row["strain_percent"] == pytest.approx(6.6)
    own = row["price_USD_per_kg"] / row["capacity_practical_mAh_per_g"] / 3.3 * 1000
    assert row["price_USD_per_kWh"] == pytest.approx(own)
    assert row["cell_price_USD_per_kWh"] == pytest.approx(own + 1000 * 1.0 / 360 / 3.3)  # graphite at 1 USD/kg
    assert row["energy_per_cost_kWh_per_USD"] * row["cell_price_USD_per_kWh"] == pytest.approx(1.0)


def test_an_anode_is_the_better_the_lower_its_voltage(predictions: TableMaker) -> None:
    low, high = (
        row_of(predictions, "Li4Fe4P4O16", {**LIFEPO4, "voltage_V": v, "voltage_V_lo": v - 0.1,
                                            "voltage_V_hi": v + 0.1})
        for v in (0.5, 1.5)
    )  # fmt: skip
    assert low["electrode_role"] == high["electrode_role"] == "anode"
    assert low["relative_energy"] > high["relative_energy"] > 0
    assert low["relative_energy_lo"] < low["relative_energy"] < low["relative_energy_hi"]
    assert low["cell_price_USD_per_kWh"] < high["cell_price_USD_per_kWh"]  # nor is a low voltage dear
    assert low["price_USD_per_kWh"] < high["price_USD_per_kWh"]


def test_an_anode_below_its_metal_gains_nothing(predictions: TableMaker) -> None:
    at, below = (row_of(predictions, "Li4Fe4P4O16", {**LIFEPO4, "voltage_V": v}) for v in (0.0, -0.5))
    assert below["cell_energy_Wh_per_kg"] == at["cell_energy_Wh_per_kg"] > 0


@pytest.mark.parametrize(
    ("ion", "voltage", "role"),
    [("Li", 1.6, "anode"), ("Li", 1.8, "cathode"), ("Na", 1.6, "anode"), ("Mg", 1.1, "cathode"),
     ("Mg", 0.3, "anode"), ("Zn", 1.3, "cathode"), ("Ca", 1.5, "cathode"), ("Al", 0.5, "cathode")],
)  # fmt: skip
def test_the_limit_of_anodes_is_that_of_the_ion(predictions: TableMaker, ion: str, voltage: float, role: str) -> None:
    values = {**LIFEPO4, "working_ion": ion, "voltage_V": voltage, "voltage_V_lo": voltage, "voltage_V_hi": voltage}
    row = row_of(predictions, f"{ion}4Fe4P4O16", {**values, "discharged_cell_formula": f"{ion}4Fe4P4O16"})
    assert row["electrode_role"] == role
    assert "role_unclear" not in row["flags"]
    wide = row_of(predictions, f"{ion}4Fe4P4O16", {**values, "voltage_V_lo": 0.1, "voltage_V_hi": 3.0})
    assert "role_unclear" in wide["flags"]


def test_the_window_is_that_of_the_ion_and_can_be_set_for_all(predictions: TableMaker) -> None:
    values = {**LIFEPO4, "voltage_V": 4.4, "voltage_V_lo": 4.4, "voltage_V_hi": 4.4}
    sodium = {**values, "working_ion": "Na", "discharged_cell_formula": "Na4Fe4P4O16"}
    assert "above_voltage_window" not in row_of(predictions, "Li4Fe4P4O16", values)["flags"]
    row = row_of(predictions, "Na4Fe4P4O16", sodium)
    assert "above_voltage_window" in row["flags"] and row["window_margin_V"] == pytest.approx(-0.1)
    assert "above_voltage_window" not in row_of(predictions, "Na4Fe4P4O16", sodium, highest_voltage_V=5.0)["flags"]
    own = {"Na": {"highest_voltage_V": 4.6}}
    assert "above_voltage_window" not in row_of(predictions, "Na4Fe4P4O16", sodium, cells=own)["flags"]


def test_the_partner_can_be_another(predictions: TableMaker) -> None:
    usual = row_of(predictions, "Li4Fe4P4O16", {**LIFEPO4, "voltage_V": 0.5})
    spinel = {"Li": {"cathode": "LiMn2O4", "cathode_voltage_V": 4.05, "cathode_capacity_mAh_per_g": 120.0}}
    other = row_of(predictions, "Li4Fe4P4O16", {**LIFEPO4, "voltage_V": 0.5}, cells=spinel)
    assert other["cell_energy_Wh_per_kg"] != pytest.approx(usual["cell_energy_Wh_per_kg"])


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"Xe": {}}, r"task\.merit\.cells\.Xe: expected one of Li, Na"),
        ({"Li": {"anode_below": 1.0}}, r"task\.merit\.cells\.Li"),
        ({"Li": {"cathode": "what"}}, r"task\.merit\.cells\.Li\.cathode: expected a formula"),
        ({"Li": {"cathode": None}}, r"task\.merit\.cells\.Li\.cathode_capacity_mAh_per_g: expected"),
        ({"Mg": {"anode": "Bi"}}, r"task\.merit\.cells\.Mg\.anode_capacity_mAh_per_g: expected"),
    ],
)
def test_a_wrong_cell_is_refused_by_name(cells: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        ElectrodeSettings(cells=cells)


@pytest.mark.parametrize(
    ("voltage", "flag"),
    [(5.1, "above_voltage_window"), (-0.2, "negative_voltage"), (0.05, "plating_risk"), (3.0, None)],
)
def test_voltages_outside_the_window_are_flagged(predictions: TableMaker, voltage: float, flag: str | None) -> None:
    row = row_of(predictions, "Li4Fe4P4O16", {**LIFEPO4, "voltage_V": voltage})
    found = {"above_voltage_window", "negative_voltage", "plating_risk"} & set(row["flags"].split(";"))
    assert found == ({flag} if flag else set())


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


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"voltage_offset_V": 0.36}, "3.40 V expected (PBE+U 3.04 V; Fe3+/Fe2+ in phosphates, 3 measured: "
                                     "0.36 V higher than calculated)"),
        ({"voltage_offset_V": -0.3}, "0.30 V lower than calculated)"),
        ({"voltage_offset_V": 0.1}, None),
        ({"voltage_offset_V": 0.0, "flags": "offset_unknown"}, "no measured voltage of its class"),
        ({"voltage_offset_V": None}, None),
        ({"voltage_offset_V": None, "voltage_offset_class": None, "flags": "offset_unknown"}, None),
    ],
)  # fmt: skip
def test_the_reason_names_the_class_whose_measured_voltages_differ(
    predictions: TableMaker, changes: dict[str, Any], said: str | None
) -> None:
    task = yaml.safe_load((resource("configs") / "task" / "electrodes.yaml").read_text("utf-8"))
    values = {**LIFEPO4, "voltage_calculated_practical_V": 3.04,
              "voltage_offset_class": "Fe3+/Fe2+ in phosphates, 3 measured", **changes}  # fmt: skip
    merits = evaluate(predictions(("Li4Fe4P4O16", values)), ElectrodeSettings())
    why = explain_task(rank_table(merits, ranking_settings(task["ranking"])), task)["why"][0]
    assert ("expected" in why) == (said is not None)
    assert said is None or said in why


def test_an_element_without_a_cost_gives_no_ratio(predictions: TableMaker) -> None:
    from screening.materials.supply import SupplySettings

    free = SupplySettings(prices=dict.fromkeys(("Li", "Fe", "P", "O", "C"), 0.0))
    assert row_of(predictions, "Li4Fe4P4O16", LIFEPO4, supply=free)["energy_per_cost_kWh_per_USD"] is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "andidate: cathode for Li, 3.40 V, 170 mAh/g, 381 Wh/kg in a cell"),
        ({"voltage_V": 5.5, "voltage_V_lo": 5.3, "voltage_V_hi": 5.7},
         "The voltage is 1.00 V above what the electrolyte withstands"),
        ({"voltage_V": None, "voltage_calculated_V": None}, "Its voltage is not known"),
        ({"flags": "not_an_electrode"}, "The ion cannot leave or enter reversibly"),
        ({"energy_above_hull_eV_per_atom": 0.3}, "Hard to make: 0.300 eV/atom above the hull"),
        ({"volume_change_percent": -30.0, "volume_change_percent_lo": -31.0, "volume_change_percent_hi": -29.0},
         "The volume changes by 30 %"),
        ({"n_ions_extractable": 0.2}, "Only 8 mAh/g move in practice"),
        ({"n_ions_extractable": None, "no_pair_reason": "no known phase forms"}, "no known phase forms"),
        ({"voltage_V": 0.02, "voltage_V_lo": -0.3, "voltage_V_hi": 0.34},
         "he voltage is 0.02 V above that of the ion's metal"),
        ({"voltage_V": -0.5, "voltage_V_lo": -0.6, "voltage_V_hi": -0.4},
         "The voltage is 0.50 V below that of the ion's metal"),
        ({"energy_above_hull_eV_per_atom": 0.04, "energy_above_hull_eV_per_atom_lo": 0.0,
          "energy_above_hull_eV_per_atom_hi": 0.08}, "): 0.040 eV/atom above the hull."),
        ({"flags": "conversion_electrode"}, "he crystal is no host: it turns into other phases"),
    ],
)  # fmt: skip
def test_the_reason_names_the_main_weakness(predictions: TableMaker, changes: dict[str, Any], expected: str) -> None:
    task = yaml.safe_load((resource("configs") / "task" / "electrodes.yaml").read_text("utf-8"))
    merits = evaluate(predictions(("Li4Fe4P4O16", {**LIFEPO4, **changes})), ElectrodeSettings())
    ranked = rank_table(merits, ranking_settings(task["ranking"]))
    assert expected in explain_task(ranked, task)["why"][0]


@pytest.mark.parametrize(
    ("kind", "flags", "percent", "passed"),
    [
        ("insertion", "", -30.0, 0.0),
        ("conversion", "conversion_electrode", -45.0, 0.5),  # CoO and its kind: hysteresis alone
        ("conversion", "alloy_anode;conversion_electrode", -65.0, 0.25),  # Cu6Sn5, InSb
        ("conversion", "conversion_electrode", -85.0, 0.0),
        ("alloy", "alloy_anode", -65.0, 0.5),
        ("alloy", "alloy_anode", -85.0, 0.0),
        ("intercalated_carbon", "alloy_anode", -12.0, 1.0),
    ],
)
def test_what_turns_into_other_phases_has_a_strain_rule_of_its_own(
    predictions: TableMaker, kind: str, flags: str, percent: float, passed: float
) -> None:
    task = yaml.safe_load((resource("configs") / "task" / "electrodes.yaml").read_text("utf-8"))
    ends = {f"volume_change_percent{end}": percent + off for end, off in (("", 0.0), ("_lo", -1.0), ("_hi", 1.0))}
    values = {**LIFEPO4, **ends, "electrode_kind": kind, "flags": flags}
    ranked = rank_table(
        evaluate(predictions(("Li4Fe4P4O16", values)), ElectrodeSettings()), ranking_settings(task["ranking"])
    )
    names = ("strain", "alloy_strain", "hysteresis")
    chances = [ranked[f"gate_{name}_probability"][0] for name in names]
    assert prod(chances) == pytest.approx(passed, abs=1e-3)
