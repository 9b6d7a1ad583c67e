"""The help pages name every key, group and choice, and stay current because they are made from the schemas."""

from __future__ import annotations

import pytest

from screening.configuration.composing import compose_config
from screening.configuration.fields import leaves
from screening.configuration.groups import groups_of, remarks
from screening.configuration.help import command_help, program_help
from screening.configuration.registry import COMMANDS
from screening.configuration.trees import flattened, get


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
    text = command_help(command, compose_config(command, first))
    for leaf in leaves(COMMANDS[command]):
        assert leaf.is_open or f"{leaf.key}=" in text, leaf.key
    for group in groups.values():
        for option, sentence in group.options.items():
            assert f"\n  {option}" in text
            assert " ".join(sentence.split()) in " ".join(text.split())
    assert f"screening {command} " in text.partition("Example")[2]


def test_help_of_a_chosen_task_shows_its_settings() -> None:
    task = next(iter(groups_of("rank")["task"].options))
    composed = compose_config("rank", [f"task={task}"])
    text = command_help("rank", composed)
    for key, _ in flattened(get(composed.tree, "task.merit"), "task.merit"):
        assert f"  {key}=" in text
    assert "task.*" in command_help("rank", compose_config("rank"))


def test_comments_in_config_files_explain_their_keys() -> None:
    found = remarks("task", "magnets")
    assert found["merit.insulator_gap_eV"].startswith("a larger predicted gap")
    assert {key.partition(".")[0] for key in found} <= {"magnetic", "merit", "ranking", "report", "presets"}
    text = command_help("rank", compose_config("rank", ["task=magnets"]))
    assert found["merit.insulator_gap_eV"] in " ".join(text.split())


def test_help_of_a_task_explains_its_presets_and_does_not_list_their_keys() -> None:
    composed = compose_config("rank", ["task=magnets"])
    text = command_help("rank", composed)
    for name in composed.tree["task"]["presets"]:
        (line,) = (line for line in text.splitlines() if line.startswith(f"  {name} "))
        assert len(line.split()) > 3
    assert "task.presets" not in text
    assert "prefer=null" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_in_the_help_are_valid(command: str) -> None:
    import shlex

    from screening.configuration.composing import load_config

    text = (COMMANDS[command].__doc__ or "").partition("Example")[2]
    examples = [line.split("screening ", 1)[1] for line in text.splitlines() if "screening " in line]
    assert examples
    for example in examples:
        name, *arguments = shlex.split(example)
        assert name == command
        assert load_config(name, *COMMANDS[name].sort(arguments)).command == command
