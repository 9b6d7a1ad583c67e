"""Paths work as typed: whatever a file is called, its name never reaches Hydra's grammar."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from helpers.config_keys import full_schemas
from hypothesis import assume, given
from hypothesis import strategies as st

from screening.configuration import as_dict, as_yaml, load_config
from screening.configuration.composing import compose_config
from screening.configuration.trees import get
from screening.settings import keys_of

PATH_KEYS = {
    (schema.command, key.name): choices for schema, choices in full_schemas() for key in keys_of(schema) if key.path
}
PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1)
PIECES = [*"=,#$@:{}[]()'\"\\~?*|&;<>!%+ яÅ漢a.0/-", "${", "\\${", "???", "null"]
TRICKY = st.lists(st.sampled_from(PIECES), min_size=1).map("".join)


@pytest.mark.parametrize(("command", "key"), sorted(PATH_KEYS))
def test_every_path_key_takes_any_name(command: str, key: str) -> None:
    name = "мои cifs/a=b, [c] {d} #1 ${x} \\${y} 'q' \"p\" @z:w ???.parquet"
    assert get(compose_config(command, [*PATH_KEYS[command, key], f"{key}={name}"]).tree, key) == name


@pytest.mark.ci
@given(path=PRINTABLE | TRICKY)
def test_any_printable_path_comes_out_as_typed(path: str) -> None:
    assume(not path.startswith("~"))
    config = as_dict(load_config("predict", [f"candidates={path}", "output=x.parquet"]))
    assert config["candidates"] == path
    assert yaml.safe_load(as_yaml(config)) == config


@pytest.mark.parametrize(
    "path", ["???", "null", "", "true", "1e3", "${seed}", "\\${seed}", "[a,b]", "'a'", " a ", "a\\"]
)
def test_names_that_mean_something_to_hydra(path: str) -> None:
    assert as_dict(load_config("predict", [f"candidates={path}", "output=x.parquet"]))["candidates"] == path


def test_home_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    tree = compose_config("predict", ["candidates=~/my, cifs", "output=a~b.parquet"]).tree
    assert (tree["candidates"], tree["output"]) == ("/home/someone/my, cifs", "a~b.parquet")


def test_path_objects_are_taken_from_python() -> None:
    assert compose_config("predict", values={"candidates": Path("a, b")}).tree["candidates"] == "a, b"


def test_other_text_is_taken_as_typed_too() -> None:
    tree = compose_config("train", ["name=try 1, 'b'", "tracking.experiment=a=b,c"]).tree
    assert (tree["name"], tree["tracking"]["experiment"]) == ("try 1, 'b'", "a=b,c")
