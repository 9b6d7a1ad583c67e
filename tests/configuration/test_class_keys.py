"""Keys of material classes and predictors exist where the class is chosen or the predictor runs, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from screening.configuration import as_dict, load_config
from screening.configuration.class_keys import declared, with_fields
from screening.configuration.composing import compose_config
from screening.configuration.doctor import DoctorConfig
from screening.configuration.evaluate import EvaluateConfig
from screening.configuration.fit import FitConfig
from screening.configuration.predict import PredictConfig
from screening.configuration.rank import RankConfig
from screening.errors import RequestError
from screening.materials.registry import predictor_kinds
from screening.settings import setting, settings_class

COMMON = {"candidates": "x", "output_dir": "y"}


def rank(*overrides: str, **values: Any) -> RankConfig:
    config = load_config("rank", overrides, COMMON | values)
    assert isinstance(config, RankConfig)
    return config


def test_a_class_brings_its_keys_and_its_predictors() -> None:
    magnets = rank("task=magnets", "temperature_K=450", "magnetism=none")
    assert magnets.class_keys == {"temperature_K": 450.0}
    assert magnets.predictor_choices == {"cells": "ionic", "magnetism": "none"}
    electrodes = rank("task=electrodes", "working_ion=Na", "profile_states=2")
    assert electrodes.class_keys == {"working_ion": "Na", "profile_states": 2}
    assert electrodes.predictor_choices == {"voltage": "voltage-v2", "offsets": "auto", "mobility": "finalists"}
    assert not {"temperature_K", "magnetism"} & as_dict(electrodes).keys()


def test_a_key_of_the_class_replaces_the_setting_of_its_name() -> None:
    assert rank("task=magnets", "temperature_K=450").task.merit["temperature_K"] == 450
    assert rank("task=magnets").task.merit["temperature_K"] == 300
    assert rank("task=magnets", "task.merit.temperature_K=350").task.merit["temperature_K"] == 350
    assert rank("task=electrodes", working_ion="Na").task.merit["working_ion"] == "Na"
    assert rank("task=electrodes", working_ion=None).task.merit["working_ion"] is None
    assert "profile_states" not in rank("task=electrodes", "profile_states=3").task.merit
    assert rank("task=electrodes", "prefer=sodium").task.merit["working_ion"] == "Na"
    assert rank("task=electrodes", "prefer=sodium", "working_ion=Li").task.merit["working_ion"] == "Li"


def test_the_keys_stand_at_the_top_of_the_record() -> None:
    record = as_dict(rank("task=electrodes", "working_ion=Na"))
    assert record["working_ion"] == "Na"
    assert record["voltage"] == "voltage-v2"
    assert record["task"]["predictors"] == ["voltage", "offsets", "mobility"]


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("rank", ["task=electrodes", "temperature_K=450"],
         "temperature_K=450: task=electrodes has no such key; task=magnets has it"),
        ("rank", ["task=magnets", "working_ion=Na"], "working_ion=Na: task=magnets has no such key; task=electrodes"),
        ("rank", ["task=magnets", "voltage=mine"], "voltage=mine: task=magnets has no such key"),
        ("rank", ["working_ion=Na"], "working_ion=Na: needs task=electrodes"),
        ("rank", ["task=magnets", "temprature_K=1"], "unknown key temprature_K; did you mean temperature_K?"),
        ("rank", ["task=magnets", "temperature_K=warm"], "temperature_K=warm: expected a number, at least 0, or null"),
        ("rank", ["task=magnets", "task.predictors=[]"], "task.predictors are set in the task's config file"),
        ("rank", ["task=magnets", "task.name=other"], "task.name and task.predictors are set in"),
        ("evaluate", ["output_dir=y", "temperature_K=450"], "temperature_K=450: needs task=magnets"),
        ("evaluate", ["output_dir=y", "reference=a.csv"], "reference=a.csv: needs task=NAME"),
        ("predict", ["voltage=mine"], "unknown key voltage"),
        ("fit", ["magnetsm"], "predictor=magnetsm: there is no such predictor; did you mean magnetism?"),
        ("fit", ["data.path=x"], "data.path=x: name what to fit first, screening fit voltage|network_voltage"),
        ("fit", ["voltage", "data.path=x"], "unknown key data.path"),
        ("fit", ["magnetism", "output_dir=x"], "data.path=...  (folder of the store"),
        ("fit", [], "predictor=voltage|network_voltage|offsets|barrier|magnetism  (what to fit"),
    ],
)  # fmt: skip
def test_keys_of_others_are_refused_in_words(command: str, arguments: list[str], said: str) -> None:
    with pytest.raises(RequestError) as caught:
        load_config(command, arguments, COMMON if command == "rank" else {})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("rank", ["task=electrodes", "magnetism=none", "candidates=x", "output_dir=y"]),
        ("evaluate", ["magnetism=none", "output_dir=y"]),
        ("evaluate", ["task=electrodes", "magnetism=none", "output_dir=y"]),
        ("predict", ["voltage=none", "candidates=x", "output=y.parquet"]),
    ],
)
def test_a_predictor_that_does_not_run_may_be_switched_off(command: str, arguments: list[str]) -> None:
    config = load_config(command, arguments)
    assert config == load_config(command, [text for text in arguments if not text.endswith("=none")])
    values = dict(text.split("=") for text in arguments)
    assert load_config(command, values=values) == config
    assert not {"magnetism", "voltage"} & {name for name, value in as_dict(config).items() if value == "none"}


def test_commands_without_a_task_have_the_predictors_that_they_run() -> None:
    predict = load_config("predict", ["candidates=x", "output=y.parquet", "magnetism=mine"])
    assert isinstance(predict, PredictConfig)
    assert predict.predictor_choices == {"magnetism": "mine"}
    doctor = load_config("doctor", ["voltage=none"])
    assert isinstance(doctor, DoctorConfig)
    kinds = {name: kind.default for name, kind in predictor_kinds().items()}
    assert doctor.predictor_choices == kinds | {"voltage": "none"}
    assert kinds["magnetism"] == "magnetism-v3"
    plain = load_config("evaluate", ["output_dir=y"])
    assert isinstance(plain, EvaluateConfig)
    assert (plain.has_task, plain.predictor_choices, plain.class_keys) == (False, {}, {})


def test_a_predictor_is_fitted_with_the_keys_of_its_recipe() -> None:
    config = load_config("fit", ["magnetism", "data.path=stores/mp", "data.folder=tables", "output_dir=o", "n_trees=5"])
    assert isinstance(config, FitConfig)
    assert (config.predictor, config.n_trees) == ("magnetism", 5)
    assert config.settings["data"] == {"path": "stores/mp", "folder": "tables"}
    other = load_config("fit", ["voltage", "electrodes=e", "output_dir=o"])
    assert isinstance(other, FitConfig)
    assert other.settings["potential"] == "chgnet"
    assert compose_config("fit").schema is FitConfig


def test_two_keys_of_one_name_are_refused() -> None:
    @settings_class
    class Greedy:
        seed: int = setting(default=0, help="taken")

    with pytest.raises(RequestError, match="screening rank: there are two keys named seed"):
        with_fields(RankConfig, declared(Greedy))


def test_a_configured_schema_is_made_once() -> None:
    assert type(rank("task=magnets")) is type(rank("task=magnets", "seed=3"))
    assert rank("task=magnets") == rank("task=magnets")
