"""`prefer=`: a preset lies between the task's file and what the user gives."""

from __future__ import annotations

import logging
from typing import Any

import polars as pl
import pytest

from screening.configuration import as_dict, load_config
from screening.configuration.composing import compose_config
from screening.configuration.rank import RankConfig
from screening.errors import RequestError
from screening.ranking import rank_table, ranking_settings


def ranking(*overrides: str, task: str = "magnets", **values: Any) -> dict[str, Any]:
    tree = compose_config("rank", [f"task={task}", *overrides], values).tree
    result: dict[str, Any] = tree["task"]["ranking"]
    return result


PRESETS = list(compose_config("rank", ["task=magnets"]).tree["task"]["presets"])


def test_the_magnets_have_the_promised_presets() -> None:
    assert set(PRESETS) >= {"rare_earth_free", "heavy_rare_earth_free", "cheap", "strongest"}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_changes_the_ranking_into_a_valid_one(name: str) -> None:
    assert ranking(f"prefer={name}") != ranking()
    assert ranking_settings(ranking(f"prefer={name}")) != ranking_settings(ranking())
    assert ranking(prefer=name) == ranking(f"prefer={name}")


def test_a_preset_leaves_the_rest_as_it_is() -> None:
    plain, free = ranking(), ranking("prefer=rare_earth_free")
    assert {name: gate for name, gate in free["gates"].items() if name != "rare_earth_free"} == plain["gates"]
    assert {key: value for key, value in free.items() if key != "gates"} == {
        key: value for key, value in plain.items() if key != "gates"
    }


def test_what_the_user_gives_wins_over_the_preset() -> None:
    assert ranking("prefer=cheap", "task.ranking.objective.scale=5")["objective"]["scale"] == 5
    assert ranking("task.ranking.objective.scale=5", "prefer=cheap")["objective"]["column"].startswith("BHmax_per_cost")
    whole = ranking("prefer=cheap", "task.ranking.objective={column: mu0_Ms_T, scale: 2}")["objective"]
    assert (whole["column"], whole["scale"]) == ("mu0_Ms_T", 2)
    gate = ranking("prefer=rare_earth_free", "task.ranking.gates.rare_earth_free.at_most=0.1")["gates"]
    assert gate["rare_earth_free"] == {"at_most": 0.1, "column": "rare_earth_mass_fraction"}
    python = ranking(**{"prefer": "rare_earth_free", "task.ranking.gates.rare_earth_free.at_most": 0.1})
    assert python["gates"] == gate


def test_a_gate_of_a_preset_is_unknown_without_it() -> None:
    with pytest.raises(RequestError, match=r"unknown key task\.ranking\.gates\.rare_earth_free"):
        ranking("task.ranking.gates.rare_earth_free.at_most=0.1")


def test_a_preset_of_ones_own() -> None:
    own = "+task.presets.dense={ranking: {objective: {column: density_g_per_cm3, scale: 1}}}"
    assert ranking(own, "prefer=dense")["objective"]["column"] == "density_g_per_cm3"


@pytest.mark.parametrize(
    ("task", "overrides", "said"),
    [
        (
            "magnets",
            ["prefer=cheep"],
            r"prefer=cheep: no such preset of task=magnets; did you mean cheap\? Presets are",
        ),
        ("electrodes", ["prefer=cheep"], "prefer=cheep: no such preset of task=electrodes; did you mean cheap?"),
        (
            "magnets",
            ["+task.presets.odd={rankin: {}}", "prefer=odd"],
            r"task\.presets\.odd: expected changes of merit or",
        ),
        ("magnets", ["+task.presets.odd=3", "prefer=odd"], r"task\.presets\.odd: expected changes of"),
    ],
)
def test_a_wrong_preset_is_refused_by_name(task: str, overrides: list[str], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        ranking(*overrides, task=task)


def test_the_choice_and_its_effect_are_in_the_record() -> None:
    config = load_config("rank", ["task=magnets", "candidates=x", "output_dir=x", "prefer=strongest"])
    record = as_dict(config)
    assert record["prefer"] == "strongest"
    gates = record["task"]["ranking"]["gates"]
    assert "waived_by" not in gates["magnetization"] and "price" not in gates
    assert record["task"]["presets"] == {}


def test_no_preset_is_the_task_as_its_file_has_it() -> None:
    assert ranking("prefer=null") == ranking()


def rank_config(task: str, *overrides: str) -> RankConfig:
    config = load_config("rank", [f"task={task}", "candidates=x", "output_dir=x", *overrides])
    assert isinstance(config, RankConfig)
    return config


SOUND: dict[str, dict[str, Any]] = {
    "magnets": {
        "flags": "", "ferro_or_ferrimagnetic_probability": 1.0, "mu0_Ms_T": 1.2, "price_USD_per_kg": 5.0,
        "curie_temperature_K": 800.0, "axial_probability": 1.0, "hardness_kappa_if_axial": 2.0, "hardness_kappa": 2.0,
        "energy_above_hull_eV_per_atom": 0.0, "BHmax_kJ_per_m3": 250.0, "BHmax_per_cost_J_per_USD": 10.0,
        "rare_earth_mass_fraction": 0.0, "heavy_rare_earth_mass_fraction": 0.0,
    },
    "electrodes": {
        "flags": "", "capacity_practical_mAh_per_g": 150.0, "voltage_V": 3.4, "strain_percent": 4.0,
        "energy_above_hull_eV_per_atom": 0.0, "charged_energy_above_hull_eV_per_atom": 0.0, "relative_energy": 0.8,
        "cell_energy_Wh_per_kg": 350.0, "cell_price_USD_per_kWh": 5.0, "energy_per_cost_kWh_per_USD": 0.1,
        "cobalt_mass_fraction": 0.0, "window_margin_V": 1.1, "electrode_kind": "insertion", "migration_barrier_eV": 0.3,
        "path_dimensions": 3,
        "working_ion": "Li", "electrode_role": "cathode",
    },
}  # fmt: skip
"""A candidate of each class that passes all gates, as far as rankings look."""

EFFECTS = {
    ("magnets", "rare_earth_free"): ({"rare_earth_mass_fraction": 0.3, "BHmax_kJ_per_m3": 400.0}, 0.0),
    ("magnets", "heavy_rare_earth_free"): ({"heavy_rare_earth_mass_fraction": 0.1, "BHmax_kJ_per_m3": 400.0}, 0.0),
    ("magnets", "cheap"): ({"BHmax_kJ_per_m3": 400.0, "BHmax_per_cost_J_per_USD": 1.0}, None),
    ("magnets", "strongest"): ({"mu0_Ms_T": 0.4, "price_USD_per_kg": 0.3, "BHmax_kJ_per_m3": 300.0}, 0.0),
    ("electrodes", "energy"): ({"relative_energy": 0.5, "energy_per_cost_kWh_per_USD": 9.0}, None),
    ("electrodes", "cheap"): ({"relative_energy": 1.2, "energy_per_cost_kWh_per_USD": 0.01}, None),
    ("electrodes", "long_life"): ({"strain_percent": 11.0, "relative_energy": 2.0}, 0.0),
    ("electrodes", "fast_charging"): ({"migration_barrier_eV": 0.8, "relative_energy": 1.2}, 0.0),
    ("electrodes", "sodium"): ({"cobalt_mass_fraction": 0.2, "relative_energy": 1.2}, 0.0),
}
"""What a candidate has that the preset puts behind the sound one, and the score that it gets, if that is certain."""
ALL_PRESETS = [
    (task, name) for task in SOUND for name in compose_config("rank", [f"task={task}"]).tree["task"]["presets"]
]


@pytest.mark.parametrize(("task", "name"), ALL_PRESETS)
def test_a_preset_does_what_its_name_says(task: str, name: str) -> None:
    worse, score = EFFECTS[task, name]
    table = pl.DataFrame([{"candidate_id": "sound", **SOUND[task]}, {"candidate_id": "worse", **SOUND[task], **worse}])
    plain = rank_table(table, ranking_settings(ranking(task=task)))
    found = rank_table(table, ranking_settings(ranking(f"prefer={name}", task=task)))
    if name != "energy":  # the default
        assert plain["candidate_id"][0] == "worse"
    assert found["candidate_id"][0] == "sound"
    if score is not None:
        assert found["score"][1] == score


def test_sodium_sets_the_ion_of_predictors_and_of_figures_of_merit() -> None:
    config = rank_config("electrodes", "prefer=sodium")
    assert config.class_keys["working_ion"] == config.task.merit["working_ion"] == "Na"
    assert config.task_settings["merit"]["working_ion"] == "Na"
    assert rank_config("electrodes").class_keys["working_ion"] is None


def test_a_key_and_its_entry_are_one_setting() -> None:
    for given in ("working_ion=K", "task.merit.working_ion=K"):
        config = rank_config("electrodes", given)
        assert config.class_keys["working_ion"] == config.task.merit["working_ion"] == "K"
    for given in ("temperature_K=450", "task.merit.temperature_K=450"):
        config = rank_config("magnets", given)
        assert config.class_keys["temperature_K"] == config.task.merit["temperature_K"] == 450
    assert rank_config("magnets").class_keys["temperature_K"] == 300  # what is recorded is what is used
    with pytest.raises(RequestError, match=r"working_ion=K and task\.merit\.working_ion=Li: two names of one setting"):
        rank_config("electrodes", "working_ion=K", "task.merit.working_ion=Li")


@pytest.mark.parametrize("given", ["working_ion=K", "task.merit.working_ion=K"])
def test_the_user_s_ion_wins_over_the_preset_and_this_is_said(given: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        config = rank_config("electrodes", "prefer=sodium", given)
    assert config.class_keys["working_ion"] == config.task.merit["working_ion"] == "K"
    assert "prefer=sodium sets working_ion=Na; K, as given, is used" in caplog.text
