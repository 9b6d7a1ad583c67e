"""From the arguments of a command to its typed settings: Hydra composes the config groups over the command's schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from screening.configuration.base import CommandConfig
from screening.configuration.checking import check_grammar, check_keys, check_open_sections, check_values, explained
from screening.configuration.fields import Leaf, build, leaves
from screening.configuration.groups import Group, groups_of
from screening.configuration.keys import keys_of
from screening.configuration.overrides import add_values, named, sort_overrides
from screening.configuration.presets import CHOICE, SECTION, apply, preset_of
from screening.configuration.problems import missing_keys
from screening.configuration.registry import COMMANDS
from screening.configuration.trees import merged, put
from screening.errors import RequestError
from screening.resources import resource


@dataclass(frozen=True)
class Composed:
    """A composed config as a nested dictionary, and the keys and groups that still have no value."""

    tree: dict[str, Any]
    missing: list[Leaf]
    unset_groups: list[Group]
    choices: dict[str, str]
    """Group -> the option it was composed with."""

    @property
    def missing_groups(self) -> list[Group]:
        """Groups without an option that need one."""
        return [group for group in self.unset_groups if not group.optional]


def load_config(command: str, overrides: Sequence[str] = (), values: Mapping[str, Any] | None = None) -> CommandConfig:
    """The settings of a command as an instance of its schema.

    overrides: `key=value` texts as typed in a shell. values: Python values by dotted key or group name, applied after
    the overrides. Raises RequestError if anything is unknown, missing or of the wrong type.
    """
    composed = compose_config(command, overrides, values)
    if composed.missing or composed.missing_groups:
        raise RequestError(missing_keys(command, composed.missing, composed.missing_groups))
    config = cast(CommandConfig, build(COMMANDS[command], composed.tree))
    config.finish()
    return config


def compose_config(command: str, overrides: Sequence[str] = (), values: Mapping[str, Any] | None = None) -> Composed:
    """The composed config, which may still lack required keys; arguments and errors as in `load_config`."""
    known = {leaf.key: leaf for leaf in leaves(COMMANDS[command])}
    groups = groups_of(command)
    request = sort_overrides(named(overrides, COMMANDS[command].positional), known, groups)
    add_values(request, values or {}, known, groups)

    for name, option in COMMANDS[command].implied(request.texts).items():
        request.choices.setdefault(name, option)
    unset = [group for group in groups.values() if group.default is None and group.name not in request.choices]
    inside = {group.name for group in unset}

    plain = _to_tree(command, _hydra(command, request.choices_as_overrides(), known), known, resolve=False)
    prefer = request.texts.get(CHOICE) if SECTION not in inside else None
    if prefer is not None and prefer in plain[SECTION]["presets"]:
        plain = merged(plain, preset_of(plain, prefer))
    keys = keys_of(plain, known.values())
    check_keys(command, request, keys, groups, unset)
    check_grammar(request.grammar, known)
    config = _hydra(command, request.as_overrides(keys), known)
    for key, value in request.values.items():
        with explained(command, known, key):
            OmegaConf.update(config, key, value, force_add=keys.may_be_new(key) or keys.is_open(key))

    tree = _to_tree(command, config, known, resolve=True)
    if prefer is not None:
        tree = apply(tree, preset_of(tree, prefer), request.keys)
    for key, text in request.texts.items():
        put(tree, key, text)
    missing = OmegaConf.missing_keys(config) - request.texts.keys()
    given = [leaf for leaf in known.values() if leaf.key not in missing]
    check_values(tree, given)
    check_open_sections(tree, plain, given)
    lacking = [leaf for key, leaf in known.items() if key in missing and key.partition(".")[0] not in inside]
    defaults = {group.name: group.default for group in groups.values() if group.default is not None}
    return Composed(tree, lacking, unset, defaults | request.choices)


def _hydra(command: str, overrides: list[str], known: Mapping[str, Leaf]) -> DictConfig:
    ConfigStore.instance().store(name=f"{command}_schema", node=COMMANDS[command])
    # A caller may be inside a Hydra application of its own; it gets its state back.
    instance = GlobalHydra.instance()
    outer, instance.hydra = instance.hydra, None
    try:
        with explained(command, known), initialize_config_dir(str(resource("configs")), version_base="1.3"):
            return compose(command, overrides=overrides)
    finally:
        GlobalHydra.instance().hydra = outer


def _to_tree(command: str, config: DictConfig, known: Mapping[str, Leaf], *, resolve: bool) -> dict[str, Any]:
    with explained(command, known):
        return cast(dict[str, Any], OmegaConf.to_container(config, resolve=resolve))
