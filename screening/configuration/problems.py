"""The sentences a user reads when a request is wrong: they name the key and the value, and say what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from screening.configuration.groups import Group
from screening.settings import Key

RENAMED = {"fit_voltage": "fit voltage"}
"""Commands of earlier versions."""


def unknown_command(word: str, known: Iterable[str]) -> str:
    """A command that does not exist, with the nearest that does."""
    if word in RENAMED:
        return f"screening {word} is now: screening {RENAMED[word]}"
    names = list(known)
    return f"unknown command {word}{_did_you_mean(_closest(word, names))} Commands are {', '.join(names)}."


def unknown_key(command: str, key: str, known: Iterable[str]) -> str:
    """A key that does not exist, with the nearest that does."""
    guess = _did_you_mean(_closest(key, known))
    return f"unknown key {key}{guess} `screening {command} --help` lists the keys."


def not_a_setting(argument: str, known: Iterable[str]) -> str:
    """An argument that is not key=value."""
    if argument.startswith("-"):
        return f"{argument}: no such option; there are --help and --cfg job, everything else is key=value"
    return f"{argument}: expected key=value{_did_you_mean(_closest(argument, known), '=...')}"


def unknown_choice(group: str, value: str, options: Mapping[str, str], *, or_path: bool = False) -> str:
    """A group option that does not exist, with those that do."""
    guess = _did_you_mean(_closest(value, options))
    return f"{group}={value}: no such choice{guess} Choices are {', '.join(options)}{', or a path' * or_path}."


def unknown_preset(task: str, value: str, presets: Iterable[str]) -> str:
    """A preset that a task does not have, with those that it has."""
    names = list(presets)
    if not names:
        return f"prefer={value}: task={task} has no presets"
    guess = _did_you_mean(_closest(value, names))
    return f"prefer={value}: no such preset of task={task}{guess} Presets are {', '.join(names)}."


def missing_keys(command: str, keys: Iterable[Key], groups: Iterable[Group]) -> str:
    """Everything that still has to be given, each with what it is."""
    lines = [f"  {group.name}={'|'.join(group.options)}" for group in groups]
    lines += [f"  {key.name}={'|'.join(key.choices) or '...'}  ({key.help})" for key in keys]
    return "\n".join(["missing:", *lines, f"`screening {command} --help` explains every key."])


def _did_you_mean(guess: str | None, suffix: str = "") -> str:
    return f"; did you mean {guess}{suffix}?" if guess else "."


def _closest(word: str, known: Iterable[str]) -> str | None:
    """The known name most like a word, compared whole and by its last part (`uri` finds `tracking.uri`)."""
    names = list(known)
    inside = [name for name in names if name.startswith(f"{word}.")]
    whole = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if whole or inside:
        return [*inside, *whole][0]
    last_parts = {name.rpartition(".")[2]: name for name in reversed(names)}
    partial = difflib.get_close_matches(word.rpartition(".")[2], last_parts, n=1, cutoff=0.7)
    return last_parts[partial[0]] if partial else None
