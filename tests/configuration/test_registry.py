"""Every command: its keys are explained and typed, and schema, root config and module have one name."""

from __future__ import annotations

import pytest
from helpers.config_keys import full_schemas

from screening.configuration.registry import COMMANDS, module_of
from screening.resources import resource
from screening.settings import keys_of

SCHEMAS = list(full_schemas())
IDS = [" ".join([schema.command, *choices]) for schema, choices in SCHEMAS]


@pytest.mark.parametrize(("schema", "choices"), SCHEMAS, ids=IDS)
def test_every_key_is_explained_and_typed(schema: type, choices: list[str]) -> None:
    for key in keys_of(schema):
        assert key.help, key.name
        assert key.type in (str, int, float, bool) or key.is_open or key.type in (list[str], list[float]), key.name


@pytest.mark.parametrize(("schema", "choices"), SCHEMAS, ids=IDS)
def test_file_keys_are_marked_as_paths(schema: type, choices: list[str]) -> None:
    last_parts = {"candidates", "output", "output_dir", "path", "folder", "source", "model", "magnetism", "voltage",
                  "network_voltage", "cells", "cells_as_given", "offsets", "mobility", "barrier", "barriers",
                  "paths", "structures", "exclude",
                  "measured", "labels", "split_file", "reference", "electrodes", "run", "review"}  # fmt: skip
    for key in keys_of(schema):
        assert key.path == (key.name.rpartition(".")[2] in last_parts), key.name


def test_a_command_is_called_the_same_everywhere() -> None:
    for command, schema in COMMANDS.items():
        assert schema.command == command
        assert module_of(command) == {"import": "import_data"}.get(command, command)
        assert (resource("configs") / f"{command}.yaml").is_file()
