"""The help pages, made from the schemas: docstrings, field texts, config groups and their options."""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from screening import plugins
from screening.configuration.base import CommandConfig
from screening.configuration.groups import Group, groups_of, remarks
from screening.configuration.presets import CHOICE, PRESETS, SECTION
from screening.configuration.registry import COMMANDS
from screening.configuration.trees import flattened, get
from screening.settings import Key, as_typed, keys_of

if TYPE_CHECKING:
    from screening.configuration.composing import Composed

_TASK, _PREDICTOR = "{task}", "{predictor}"
"""What stands in examples for a name that only a plug-in knows."""


def program_help() -> str:
    """The list of commands, one sentence each."""
    rows = [(name, inspect.cleandoc(schema.__doc__ or "").partition("\n")[0]) for name, schema in COMMANDS.items()]
    return "\n".join(
        [
            "Screen crystals: predict their properties, rank them for a use, review and export the best.",
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


def command_help(composed: Composed) -> str:
    """Every key of a command with its value, its groups and their options, for the config composed so far."""
    schema = composed.schema
    unset = [group.name for group in composed.unset_groups]
    common = {key.name for key in keys_of(CommandConfig)}
    given = [key for key in keys_of(schema) if key not in composed.missing]
    own = [key for key in given if key.name not in common and key.name.partition(".")[0] not in unset]
    own.sort(key=lambda key: key.name in {base.name for base in keys_of(COMMANDS[schema.command])})  # the task's first
    said = {f"{g}.{key}": text for g, option in composed.choices.items() for key, text in remarks(g, option).items()}
    groups = groups_of(schema.command)
    parts = [
        f"Usage: {_usage(composed)}\n\n{docstring(schema, composed.choices.get(SECTION))}",
        _block("Required keys", _rows((_given(key), _explained(key)) for key in composed.missing)),
        _block(f"{schema.extended_by}=...  (required)", _rows(schema.extensions().items())),
        *(_block(_title(group), _rows(group.options.items())) for group in groups.values()),
        *_presets(composed, said),
        _block(
            "Keys and their values",
            [*_keys((key for key in own if key.name != PRESETS), composed.tree, said), *_later(composed)],
        ),
        _block("Keys of every command", _keys([key for key in given if key.name in common], composed.tree, said)),
        "Values that are text, file names above all, are taken as typed: only your shell needs quotes.",
    ]
    return "\n\n".join(part for part in parts if part)


def docstring(schema: type[CommandConfig], task: str | None = None) -> str:
    """The help page of a schema; its examples are of the given task, or of the first there is."""
    text = inspect.cleandoc(schema.__doc__ or "")
    if _TASK in text:
        text = text.replace(_TASK, task or plugins.names(plugins.MATERIALS)[0])
    return text.replace(_PREDICTOR, next(iter(schema.extensions()))) if _PREDICTOR in text else text


def _usage(composed: Composed) -> str:
    schema = composed.schema
    required = [f"{group.name}=..." for group in composed.missing_groups]
    positional = ["|".join(key.choices) or "PATH" for key in composed.missing if key.name == schema.positional]
    if schema.positional and schema.extended_by == schema.positional and not positional:
        positional = [composed.tree[schema.positional]]
    others = [_given(key) for key in composed.missing if key.name != schema.positional]
    return " ".join(["screening", schema.command, *positional, *required, *others, "[key=value ...]"])


def _later(composed: Composed) -> list[str]:
    """Where the keys are explained that depend on what is not chosen yet."""
    command, extended_by = composed.schema.command, composed.schema.extended_by
    rows = []
    for group in composed.unset_groups:
        more = " and its own keys" if group.name == extended_by else ""
        rows.append((f"{group.name}.*{more}", f"see screening {command} {group.name}=... --help"))
    if any(key.name == extended_by for key in composed.missing):
        rows += [(f"keys of {name}", f"see screening {command} {name} --help") for name in composed.schema.extensions()]
    return _rows(rows)


def _presets(composed: Composed, said: dict[str, str]) -> list[str]:
    """What `prefer=` can choose, for the task composed so far."""
    unset = {group.name for group in composed.unset_groups}
    presets = {} if SECTION in unset else composed.tree.get(SECTION, {}).get("presets", {})
    title = f"{CHOICE}=...  (none if not given)"
    return [_block(title, _rows((name, said.get(f"{PRESETS}.{name}", "")) for name in presets))]


def _given(key: Key) -> str:
    return f"{key.name}={'PATH' if key.path else '...'}"


def _title(group: Group) -> str:
    otherwise = "optional" if group.optional else "required"
    return f"{group.name}=...  " + (f"({group.default} if not given)" if group.default else f"({otherwise})")


def _keys(chosen: Iterable[Key], tree: dict[str, Any], said: dict[str, str]) -> list[str]:
    rows = []
    for key in chosen:
        value = get(tree, key.name)
        if key.is_open and value:
            rows += [(f"{name}={as_typed(inner)}", said.get(name, "")) for name, inner in flattened(value, key.name)]
        else:
            rows.append((f"{key.name}={as_typed(value)}", said.get(key.name) or _explained(key)))
    return _rows(rows)


def _explained(key: Key) -> str:
    return f"{key.help} ({key.expected})" if key.choices else key.help


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
