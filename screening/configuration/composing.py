"""From the arguments of a command to its typed settings: Hydra composes its config groups over its defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from screening.configuration.base import ClassKeys, CommandConfig
from screening.configuration.checking import check_keys, check_open_sections, explained, inside_sections, parsed
from screening.configuration.groups import Group, groups_of, plugged_in
from screening.configuration.keys import known_keys
from screening.configuration.overrides import Request, named, read_request
from screening.configuration.presets import CHOICE, SECTION, apply, check_given, preset_of
from screening.configuration.problems import missing_keys
from screening.configuration.registry import COMMANDS
from screening.configuration.trees import MISSING, drop, flattened, merged, nested, put
from screening.errors import RequestError
from screening.resources import resource
from screening.settings import Key, build_settings, check_settings, keys_of
from screening.tracking.address import refuse_password


@dataclass(frozen=True)
class Composed:
    """A composed config and what is missing in it.

    Attributes:
        schema: The schema of the command, with the keys that follow from what was chosen.
        tree: The config as a nested dictionary.
        missing: Keys that still have no value.
        unset_groups: Groups without an option.
        choices: Group -> the option it was composed with.
    """

    schema: type[CommandConfig]
    tree: dict[str, Any]
    missing: list[Key]
    unset_groups: list[Group]
    choices: dict[str, str]

    @property
    def missing_groups(self) -> list[Group]:
        """Groups without an option that need one."""
        return [group for group in self.unset_groups if not group.optional]


def load_config(command: str, overrides: Sequence[str] = (), values: Mapping[str, Any] | None = None) -> CommandConfig:
    """The settings of a command.

    Args:
        command: Its name.
        overrides: `key=value` texts as typed in a shell.
        values: Python values by dotted key or group name, applied after the overrides.

    Raises:
        RequestError: Anything is unknown, missing or not allowed.
    """
    composed = compose_config(command, overrides, values)
    if composed.missing or composed.missing_groups:
        raise RequestError(missing_keys(command, composed.missing, composed.missing_groups))
    return build_settings(composed.schema, composed.tree).finish()


def compose_config(command: str, overrides: Sequence[str] = (), values: Mapping[str, Any] | None = None) -> Composed:
    """The composed config, in which required keys may still be missing; arguments and errors as in `load_config`."""
    for typed in (*overrides, *(f"{key}={value}" for key, value in (values or {}).items())):
        refuse_password(typed)  # before anything is said of it
    groups = groups_of(command)
    schema, request, plain = _chosen(command, named(overrides, COMMANDS[command].positional), values or {}, groups)
    known = {key.name: key for key in keys_of(schema)}
    unset = [group for group in groups.values() if group.default is None and group.name not in request.choices]
    inside = {group.name for group in unset}

    request.pass_over(known, schema.passes_over)
    tree = plain
    prefer = request.texts.get(CHOICE) if SECTION not in inside else None
    if prefer is not None and prefer in plain[SECTION]["presets"]:
        plain = merged(plain, preset_of(plain, prefer))
    keys = known_keys(plain, known.values())
    check_keys(schema, request, keys, groups, unset, plain | request.texts)
    given = inside_sections(parsed(request.grammar, known) | request.values, keys, command)
    for key, value in given.items():
        tree = merged(tree, nested(key, value))
    missing = {key for key, value in flattened(tree) if value == MISSING} - request.texts.keys()
    tree = _resolved(tree)
    preset = preset_of(tree, prefer) if prefer is not None else {}
    tree = apply(tree, preset, [*request.texts, *given])
    own = schema.class_key_names if issubclass(schema, ClassKeys) else ()
    check_given(preset, request.texts | given, own, prefer or "")
    for key in request.removed:
        drop(tree, key)
    for key, text in request.texts.items():
        put(tree, key, text)
    _check(schema, tree, missing)
    check_open_sections(tree, plain, known.values())
    still = [key for name, key in known.items() if name in missing and name.partition(".")[0] not in inside]
    defaults = {group.name: group.default for group in groups.values() if group.default is not None}
    return Composed(schema, tree, still, unset, defaults | request.choices)


def _chosen(
    command: str, arguments: Sequence[str], values: Mapping[str, Any], groups: Mapping[str, Group]
) -> tuple[type[CommandConfig], Request, dict[str, Any]]:
    """The schema that the choices lead to, the request read by it, and the config without any values of the user."""
    schema = COMMANDS[command]
    request = read_request(arguments, values, schema, groups)
    plain = _composed(command, request.choices)
    extended = schema.extended(plain | request.texts)
    if extended is not schema:
        request = read_request(arguments, values, extended, groups)
        plain = merged(_defaults(extended), plain)
    return extended, request, plain


def _defaults(schema: type[CommandConfig]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key in keys_of(schema):
        put(tree, key.name, MISSING if key.required else key.default)
    return tree


def _composed(command: str, choices: Mapping[str, str]) -> dict[str, Any]:
    """The defaults of a command and the config files of the options chosen, references unresolved."""
    nodes = {(group, option): plugged_in(group, option) for group, option in choices.items()}
    if any(node is not None for node in nodes.values()):
        return _hydra(command, tuple(choices.items()), nodes)
    return deepcopy(_from_files(command, tuple(choices.items()), resource("configs")))


@cache  # the files do not change while a process runs, and Hydra takes a fifth of a second
def _from_files(command: str, choices: tuple[tuple[str, str], ...], configs: Path) -> dict[str, Any]:
    return _hydra(command, choices, {})


def _hydra(command: str, choices: tuple[tuple[str, str], ...], nodes: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    store = ConfigStore.instance()
    store.store(name=f"{command}_schema", node=_defaults(COMMANDS[command]))
    for (group, option), node in nodes.items():
        if node is not None:
            store.store(group=group, name=option, node=node)
    # A caller may be inside a Hydra application of its own; it gets its state back.
    instance = GlobalHydra.instance()
    outer, instance.hydra = instance.hydra, None
    try:
        with explained(), initialize_config_dir(str(resource("configs")), version_base="1.3"):
            config = compose(command, overrides=[f"{group}={option}" for group, option in choices])
            return cast(dict[str, Any], OmegaConf.to_container(config, resolve=False))
    finally:
        GlobalHydra.instance().hydra = outer


def _resolved(tree: dict[str, Any]) -> dict[str, Any]:
    with explained():
        return cast(dict[str, Any], OmegaConf.to_container(OmegaConf.create(tree), resolve=True))


def _check(schema: type[CommandConfig], tree: dict[str, Any], missing: set[str]) -> None:
    """Check all values but those that are missing."""
    given = deepcopy(tree)
    refuse_password(f"tracking.uri={tree.get('tracking', {}).get('uri', '')}")  # of a config file
    for key in missing:
        drop(given, key)
    check_settings(schema, given)
