"""The schemas of commands with the keys that material classes and predictors add."""

from __future__ import annotations

from collections.abc import Iterator

from screening.configuration.base import CommandConfig
from screening.configuration.composing import compose_config
from screening.configuration.groups import groups_of
from screening.configuration.registry import COMMANDS


def full_schemas() -> Iterator[tuple[type[CommandConfig], list[str]]]:
    """Every schema that a command can have, and the choices that lead to it."""
    for command, schema in COMMANDS.items():
        if schema.extended_by in (groups := groups_of(command)):
            options = list(groups[schema.extended_by].options)
        else:
            options = list(schema.extensions())
        for choices in [[f"{schema.extended_by}={option}"] for option in options] or [[]]:
            yield compose_config(command, choices).schema, choices
