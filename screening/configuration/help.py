"""The help pages, made from the schemas: docstrings, field texts, config groups and their options."""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from screening.configuration.base import CommandConfig
from screening.configuration.fields import Leaf, leaves
from screening.configuration.groups import Group, groups_of, remarks
from screening.configuration.presets import CHOICE, PRESETS, SECTION
from screening.configuration.problems import as_typed
from screening.configuration.registry import COMMANDS
from screening.configuration.trees import flattened, get

if TYPE_CHECKING:
    from screening.configuration.composing import Composed


def program_help() -> str:
    """The list of commands, one sentence each."""
    rows = [(name, _docstring(schema).partition("\n")[0]) for name, schema in COMMANDS.items()]
    return "\n".join(
        [
            "Screen crystals for permanent magnets and battery electrodes.",
            "",
            "Usage: screening COMMAND [key=value ...]",
            "",
            "Commands",
            *_rows(rows),
            "",
            "screening COMMAND --help      explains the keys of a command",
            "screening COMMAND --cfg job   prints its settings as YAML and does nothing else",
            "screening --version           prints the version",
        ]
    )


def command_help(command: str, composed: Composed) -> str:
    """Every key of a command with its value, its groups and their options, for the config composed so far."""
    unset = [group.name for group in composed.unset_groups]
    required = [group.name for group in composed.missing_groups]
    common = {leaf.key for leaf in leaves(CommandConfig)}
    open_keys = [leaf for leaf in leaves(COMMANDS[command]) if leaf not in composed.missing]
    own = [
        leaf
        for leaf in open_keys
        if leaf.key not in common and leaf.key.partition(".")[0] not in unset and leaf.key != PRESETS
    ]
    told = {f"{g}.{key}": text for g, option in composed.choices.items() for key, text in remarks(g, option).items()}
    later = [(f"{name}.*", f"see screening {command} {name}=... --help") for name in unset]
    positional = COMMANDS[command].positional
    given = ["|".join(leaf.choices) or "PATH" if leaf.key == positional else _given(leaf) for leaf in composed.missing]
    usage = " ".join([*(f"{name}=..." for name in required), *given])
    parts = [
        f"Usage: screening {command} {usage} [key=value ...]\n\n{_docstring(COMMANDS[command])}",
        _block("Required keys", _rows((_given(leaf), leaf.help) for leaf in composed.missing)),
        *(_block(_title(group), _rows(group.options.items())) for group in groups_of(command).values()),
        *_presets(composed, told),
        _block("Keys and their values", [*_keys(own, composed.tree, told), *_rows(later)]),
        _block("Keys of every command", _keys([leaf for leaf in open_keys if leaf.key in common], composed.tree, told)),
        "Values that are text, file names above all, are taken as typed: only your shell needs quotes.",
    ]
    return "\n\n".join(part for part in parts if part)


def _presets(composed: Composed, told: dict[str, str]) -> list[str]:
    """What `prefer=` can choose, for the task composed so far."""
    unset = {group.name for group in composed.unset_groups}
    presets = {} if SECTION in unset else composed.tree.get(SECTION, {}).get("presets", {})
    title = f"{CHOICE}=...  (none if not given)"
    return [_block(title, _rows((name, told.get(f"{PRESETS}.{name}", "")) for name in presets))]


def _given(leaf: Leaf) -> str:
    return f"{leaf.key}={'PATH' if leaf.path else '...'}"


def _title(group: Group) -> str:
    otherwise = "optional" if group.optional else "required"
    return f"{group.name}=...  " + (f"({group.default} if not given)" if group.default else f"({otherwise})")


def _keys(chosen: Iterable[Leaf], tree: dict[str, Any], told: dict[str, str]) -> list[str]:
    rows = []
    for leaf in chosen:
        value = get(tree, leaf.key)
        if leaf.is_open and value:
            rows += [(f"{key}={as_typed(inner)}", told.get(key, "")) for key, inner in flattened(value, leaf.key)]
        else:
            choices = f" ({leaf.expected})" if leaf.choices else ""
            rows.append((f"{leaf.key}={as_typed(value)}", told.get(leaf.key, leaf.help + choices)))
    return _rows(rows)


def _block(title: str, rows: list[str]) -> str:
    return "\n".join([title, *rows]) if rows else ""


def _rows(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Two columns; the text wraps under itself, and starts on a line of its own after a long first column."""
    width = min(shutil.get_terminal_size().columns, 120)
    column = 34
    lines: list[str] = []
    for name, text in rows:
        wrapped = textwrap.wrap(text, max(width - column, 30)) or [""]
        if len(name) > column - 4:
            lines.append(f"  {name}")
        else:
            lines.append(f"  {name.ljust(column - 2)}{wrapped.pop(0)}".rstrip())
        lines += [" " * column + line for line in wrapped if line]
    return lines


def _docstring(schema: type) -> str:
    return inspect.cleandoc(schema.__doc__ or "")
