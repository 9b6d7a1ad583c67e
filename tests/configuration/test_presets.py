"""`prefer=`: a preset lies between the task's file and what the user gives."""

from __future__ import annotations

from typing import Any

import pytest

from screening.configuration import as_dict, load_config
from screening.configuration.composing import compose_config
from screening.errors import RequestError
from screening.ranking import ranking_settings


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
    assert record["task"]["ranking"]["gates"]["magnetization"]["waived_by"] is None
    assert record["task"]["presets"] == {}


def test_no_preset_is_the_task_as_its_file_has_it() -> None:
    assert ranking("prefer=null") == ranking()
