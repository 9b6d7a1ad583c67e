"""Schemas: every key is explained, limits hold, the walk over keys is complete."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from screening.configuration.fields import REQUIRED, Leaf, build, leaves
from screening.configuration.registry import COMMANDS
from screening.configuration.train import TrainConfig
from screening.configuration.trees import flattened, get, put


@pytest.mark.parametrize("command", COMMANDS)
def test_every_key_is_explained_and_typed(command: str) -> None:
    for leaf in leaves(COMMANDS[command]):
        assert leaf.help, leaf.key
        assert leaf.type in (str, int, float, bool) or leaf.is_open or leaf.type in (list[str], list[float]), leaf.key


@pytest.mark.parametrize("command", COMMANDS)
def test_defaults_are_accepted(command: str) -> None:
    for leaf in leaves(COMMANDS[command]):
        assert leaf.default == REQUIRED or leaf.accepts(leaf.default), leaf.key


@pytest.mark.parametrize("command", COMMANDS)
def test_file_keys_are_marked_as_paths(command: str) -> None:
    last_parts = {"candidates", "output", "output_dir", "path", "folder", "source", "model", "magnetism", "voltage",
                  "labels", "split_file", "reference", "electrodes", "run", "review"}  # fmt: skip
    for leaf in leaves(COMMANDS[command]):
        assert leaf.path == (leaf.key.rpartition(".")[2] in last_parts), leaf.key


def test_walk_finds_nested_keys_and_build_reverses_it() -> None:
    tree = asdict(TrainConfig(output_dir="out", name="x"))
    keys = [leaf.key for leaf in leaves(TrainConfig)]
    assert {"seed", "data.path", "trainer.learning_rate", "tracking.uri"} <= set(keys)
    assert [key for key, _ in flattened(tree)] == keys
    put(tree, "trainer.threads", 3)
    built = build(TrainConfig, tree)
    assert isinstance(built, TrainConfig)
    assert built.trainer.threads == get(tree, "trainer.threads") == 3
    assert asdict(built) == tree


def test_lists_are_not_shared_between_instances() -> None:
    first = TrainConfig()
    first.trainer.target_weights.append(2.0)
    assert TrainConfig().trainer.target_weights == []


@pytest.mark.parametrize(
    ("leaf", "value", "accepted"),
    [
        (Leaf("k", int, minimum=0), 0, True),
        (Leaf("k", int, minimum=0), -1, False),
        (Leaf("k", float, maximum=1.0), 1.5, False),
        (Leaf("k", float, minimum=0), float("nan"), False),
        (Leaf("k", int), None, False),
        (Leaf("k", int, optional=True), None, True),
        (Leaf("k", str, choices=("a", "b")), "a", True),
        (Leaf("k", str, choices=("a", "b")), "c", False),
        (Leaf("k", list[str], choices=("a", "b")), ["b", "a"], True),
        (Leaf("k", list[str], choices=("a", "b")), ["b", "c"], False),
    ],
)
def test_limits(leaf: Leaf, value: Any, accepted: bool) -> None:
    assert leaf.accepts(value) is accepted


@pytest.mark.parametrize(
    ("leaf", "text"),
    [
        (Leaf("k", int, optional=True, minimum=1), "a whole number, at least 1, or null"),
        (Leaf("k", float, minimum=0, maximum=1), "a number, at least 0, at most 1"),
        (Leaf("k", bool), "true or false"),
        (Leaf("k", str, choices=("a", "b")), "one of a, b"),
        (Leaf("k", list[str]), "a list such as [a,b]"),
    ],
)
def test_expectations_in_words(leaf: Leaf, text: str) -> None:
    assert leaf.expected == text
