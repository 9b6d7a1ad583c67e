"""Folders of released models of every kind: `weights.safetensors` and `config.json`; nothing is ever unpickled."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError

from screening.errors import RequestError
from screening.files import atomic_path, remove_leftovers, write_text_atomic
from screening.resources import resource

WEIGHTS, CONFIG, CARD = "weights.safetensors", "config.json", "MODEL_CARD.md"
Tensors = TypeVar("Tensors")


def release_folder(name: str) -> Path | None:
    """The folder of a path or of a released name; None where there is no `config.json`."""
    folders = (Path(name).expanduser(), resource("models") / name)
    return next((folder for folder in folders if (folder / CONFIG).is_file()), None)


def released_names(format: object) -> str:
    """The names of the releases that come with the package and have this format."""
    found = []
    for file in resource("models").glob(f"*/{CONFIG}"):
        try:
            if json.loads(file.read_text(encoding="utf-8"))["format"] == format:
                found.append(file.parent.name)
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a folder of another kind
    return ", ".join(sorted(found)) or "none"


def write_release(
    folder: Path, write_weights: Callable[[Path], object], config: Mapping[str, Any], card: str | None = None
) -> None:
    """Write a release folder, config last, so that a killed run leaves no folder that looks complete."""
    remove_leftovers(folder)
    with atomic_path(folder / WEIGHTS) as part:
        write_weights(part)
        part.chmod(0o644)  # safetensors writes for the owner alone
    if card is not None:
        write_text_atomic(folder / CARD, card)
    write_text_atomic(folder / CONFIG, json.dumps(config, indent=2, ensure_ascii=False) + "\n")


def read_release_config(folder: Path, key: str, format: object) -> Mapping[str, Any]:
    """The config of a release.

    Args:
        folder: Of the release.
        key: The setting that named it.
        format: What its entry `format` must be.

    Raises:
        RequestError: Naming key and file, if it is not readable or of another format.
    """
    file = folder / CONFIG
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # also a number of thousands of digits, deep nesting
        raise RequestError(f"{key}: {file}: not readable JSON ({error})") from None
    if not isinstance(raw, Mapping) or raw.get("format") != format:
        raise RequestError(f"{key}: {file}: expected a release of format {format}")
    return raw


def read_release_weights(folder: Path, key: str, load: Callable[[Path], Tensors]) -> Tensors:
    """The weights of a release, as safetensors' `load` gives them. Raises RequestError naming key and file."""
    file = folder / WEIGHTS
    try:
        return load(file)
    except FileNotFoundError:
        raise RequestError(f"{key}: {file} is missing") from None
    except (SafetensorError, OSError) as error:
        raise RequestError(
            f"{key}: {file} is truncated or not a safetensors file ({error}); pickled files are not loaded"
        ) from None
