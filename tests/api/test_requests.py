"""The keywords of the API are the keys of the commands, with the same defaults."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

import pytest
import yaml

import screening
from screening.api.requests import SHORT_NAMES, Requests, values_of
from screening.configuration.groups import groups_of
from screening.configuration.predict import PredictConfig
from screening.configuration.registry import COMMANDS
from screening.materials.registry import all_classes
from screening.settings import keys_of

OF_A_CALL = {"settings", "keys"}
OF_THE_TERMINAL = {"debug", "top", "shard"}
IN_MEMORY_WITHOUT = {"output", "output_dir", "data.path", "data.source"}
"""Required, or given in another way, by the command."""


def _parameters(command: str) -> dict[str, inspect.Parameter]:
    found = inspect.signature(getattr(screening, command)).parameters
    return {SHORT_NAMES.get(name, name): parameter for name, parameter in found.items() if name not in OF_A_CALL}


def _class_keys() -> dict[str, Any]:
    keys = {item.name: item.default for known in all_classes() for item in fields(known.keys)}
    used = [name for known in all_classes() for name in yaml.safe_load(known.config.read_text("utf-8"))["predictors"]]
    return keys | dict.fromkeys(used)


@pytest.mark.parametrize("command", ["predict", "rank", "relax", "generate", "train", "evaluate"])
def test_keywords_are_keys_with_the_same_defaults(command: str) -> None:
    keys = {key.name: key for key in keys_of(COMMANDS[command])}
    groups, of_classes = groups_of(command), _class_keys()
    for name, parameter in _parameters(command).items():
        if name in groups:
            assert parameter.default in (None, inspect.Parameter.empty)
        elif name in keys:
            default = inspect.Parameter.empty if keys[name].required else keys[name].default
            assert parameter.default == default or name in IN_MEMORY_WITHOUT, name
        else:
            assert parameter.default == of_classes[name], name


@pytest.mark.parametrize("command", ["predict", "rank", "relax", "generate", "train", "evaluate"])
def test_no_key_lacks_a_keyword(command: str) -> None:
    keys = {key.name for key in keys_of(COMMANDS[command]) if "." not in key.name} | set(groups_of(command))
    of_classes = set(_class_keys()) if command in {"rank", "evaluate"} else set()
    without = OF_THE_TERMINAL | ({"seed", "device", "tracking"} if command == "generate" else set())
    keywords = set(inspect.signature(getattr(screening, command)).parameters)
    assert keys | of_classes <= keywords | without


def test_every_keyword_is_typed_and_explained() -> None:
    for command in ("predict", "rank", "relax", "generate", "train", "evaluate"):
        function = getattr(screening, command)
        text = inspect.getdoc(function)
        assert text is not None and "Returns:" in text and "Raises:" in text
        head = text.partition("Args:")[2].partition("Returns:")[0]
        explained = {name.strip(" *") for line in head.splitlines() for name in line.partition(": ")[0].split(",")}
        for name, parameter in inspect.signature(function).parameters.items():
            assert parameter.annotation is not inspect.Parameter.empty
            assert name in explained, f"{command}: {name}"


def test_only_what_differs_is_asked_for() -> None:
    arguments = {name: p.default for name, p in inspect.signature(screening.rank).parameters.items()}
    arguments |= {"candidates": "x", "task": "any", "settings": {"supply.prices.Nd": 120}, "keys": {"top": 3}}
    given = {**arguments, "cards": 5, "profile_states": None, "tracking": "sqlite:///runs.db"}
    assert values_of(screening.Session.rank, given) == {
        "task": "any",
        "report.cards": 5,
        "profile_states": None,
        "tracking.uri": "sqlite:///runs.db",
        "supply.prices.Nd": 120,
        "top": 3,
    }


def test_the_same_settings_are_composed_once() -> None:
    requests, values = Requests(), {"candidates": "a", "output": "b.parquet", "device": "cpu"}
    assert requests.config(PredictConfig, values) is requests.config(PredictConfig, dict(values))
    assert requests.config(PredictConfig, values | {"device": "auto"}).device == "auto"
