"""What the example plug-in brings is an option of the commands, with its keys, defaults and help."""

from __future__ import annotations

import pytest

from screening.configuration import as_dict, load_config
from screening.configuration.composing import compose_config
from screening.configuration.groups import groups_of, remarks
from screening.configuration.help import command_help
from screening.configuration.rank import RankConfig
from screening.configuration.saving import from_dict
from screening.configuration.train import TrainConfig
from screening.errors import RequestError

pytestmark = pytest.mark.usefixtures("plugged_in")
RANK = ["candidates=x", "output_dir=y"]


def test_a_class_is_chosen_like_one_of_the_package() -> None:
    config = load_config("rank", ["task=thermoelectrics", *RANK, "hot_side_K=700"])
    assert isinstance(config, RankConfig)
    assert config.class_keys["hot_side_K"] == config.task.merit["hot_side_K"] == 700
    assert from_dict(RankConfig, as_dict(config)) == config
    with pytest.raises(RequestError, match="task=heavy has no such key; task=thermoelectrics has it"):
        load_config("rank", ["task=heavy", *RANK, "hot_side_K=700"])
    with pytest.raises(RequestError, match="did you mean thermoelectrics"):
        load_config("rank", ["task=thermoelectric", *RANK])


def test_the_least_of_classes_has_no_keys() -> None:
    config = load_config("rank", ["task=heavy", *RANK, "task.ranking.gates.dense.at_least=5000", "magnetism=none"])
    assert isinstance(config, RankConfig)
    assert (config.class_keys, config.predictor_choices) == ({}, {})
    assert config.task.ranking["gates"]["dense"]["at_least"] == 5000


def test_a_network_is_chosen_with_the_file_beside_it() -> None:
    config = load_config("train", ["network=distances", "network.parameters.layers=1", "data.path=x", "output_dir=y"])
    assert isinstance(config, TrainConfig)
    assert (config.network.name, config.network.parameters) == ("distances", {"width": 32, "layers": 1})
    with pytest.raises(RequestError, match=r"unknown key network\.parameters\.depth"):
        load_config("train", ["network=distances", "network.parameters.depth=1"])


def test_help_lists_what_is_plugged_in() -> None:
    assert groups_of("rank")["task"].options["heavy"] == "Dense crystals, for flywheels and keels."
    assert groups_of("train")["network"].options["distances"].startswith("A small network that")
    assert remarks("network", "distances")["parameters.width"] == "features of an atom"
    assert "hot_side_K=" in command_help(compose_config("rank", ["task=thermoelectrics"]))
    assert "lennard_jones" in command_help(compose_config("relax"))
    assert "cubic_table" in command_help(compose_config("import"))


def test_an_importer_is_a_kind_of_source() -> None:
    assert as_dict(load_config("import", ["kind=cubic_table", "source=x", "output=y"]))["kind"] == "cubic_table"
    with pytest.raises(RequestError, match="kind=cubic: expected one of csv, cubic_table, jsonl"):
        load_config("import", ["kind=cubic", "source=x", "output=y"])
