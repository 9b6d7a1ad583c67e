"""The help pages name every key, group and choice, and stay current because they are made from the schemas."""

from __future__ import annotations

import shlex

import pytest
from helpers.config_keys import full_schemas

from screening.configuration.base import CommandConfig
from screening.configuration.composing import compose_config, load_config
from screening.configuration.groups import groups_of, remarks
from screening.configuration.help import command_help, docstring, program_help
from screening.configuration.registry import COMMANDS
from screening.configuration.trees import flattened, get
from screening.settings import keys_of


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


def test_program_help_lists_every_command_with_a_sentence() -> None:
    lines = program_help().splitlines()
    for command in COMMANDS:
        assert any(line.split()[:1] == [command] and len(line.split()) > 4 for line in lines), command


@pytest.mark.parametrize("command", COMMANDS)
def test_command_help_is_complete(command: str) -> None:
    groups = groups_of(command)
    first = [f"{group.name}={next(iter(group.options))}" for group in groups.values()]
    composed = compose_config(command, first)
    text = command_help(composed)
    for key in keys_of(composed.schema):
        assert key.is_open or f"{key.name}=" in text, key.name
    for group in groups.values():
        for option, sentence in group.options.items():
            assert f"\n  {option}" in text
            assert " ".join(sentence.split()) in " ".join(text.split())
    assert f"screening {command} " in text.partition("Example")[2]


def test_help_of_a_chosen_task_shows_its_settings() -> None:
    task = next(iter(groups_of("rank")["task"].options))
    composed = compose_config("rank", [f"task={task}"])
    text = command_help(composed)
    for key, _ in flattened(get(composed.tree, "task.merit"), "task.merit"):
        assert f"  {key}=" in text
    assert "task.*" in command_help(compose_config("rank"))


def test_comments_in_config_files_explain_their_keys() -> None:
    found = remarks("task", "magnets")
    assert found["merit.insulator_gap_eV"].startswith("a larger predicted gap")
    assert {key.partition(".")[0] for key in found} <= {"predictors", "merit", "ranking", "report", "presets"}
    text = command_help(compose_config("rank", ["task=magnets"]))
    assert found["merit.insulator_gap_eV"] in " ".join(text.split())


def test_help_of_a_task_explains_its_presets_and_does_not_list_their_keys() -> None:
    composed = compose_config("rank", ["task=magnets"])
    text = command_help(composed)
    for name in composed.tree["task"]["presets"]:
        (line,) = (line for line in text.splitlines() if line.startswith(f"  {name} "))
        assert len(line.split()) > 3
    assert "task.presets" not in text
    assert "prefer=null" in text


def test_keys_of_a_class_are_in_its_help_and_in_no_other() -> None:
    text = command_help(compose_config("rank", ["task=electrodes"]))
    assert "  working_ion=null" in text
    assert "  voltage=voltage-v2" in text
    assert "temperature_K=" not in text
    assert "task=electrodes candidates=electrodes" in text
    without = command_help(compose_config("rank"))
    assert "working_ion" not in without
    assert "task.* and its own keys" in without


def test_help_of_fit_lists_what_can_be_fitted() -> None:
    text = command_help(compose_config("fit"))
    assert text.startswith("Usage: screening fit voltage|network_voltage|offsets|barrier|magnetism output_dir=PATH")
    assert "see screening fit voltage --help" in text
    chosen = command_help(compose_config("fit", ["voltage"]))
    assert chosen.startswith("Usage: screening fit voltage output_dir=PATH electrodes=PATH")
    assert "potential=chgnet" in chosen


SCHEMAS = list(full_schemas())


@pytest.mark.parametrize(("schema", "choices"), SCHEMAS, ids=[" ".join([s.command, *c]) for s, c in SCHEMAS])
def test_examples_in_the_help_are_valid(schema: type[CommandConfig], choices: list[str]) -> None:
    task = choices[0].partition("=")[2] if choices else None
    text = docstring(schema, task).partition("Example")[2]
    examples = [line.split("screening ", 1)[1] for line in text.splitlines() if "screening " in line]
    assert examples
    for example in examples:
        name, *arguments = shlex.split(example)
        assert name == schema.command
        assert load_config(name, *schema.sort(arguments)).command == name
