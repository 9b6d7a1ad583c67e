"""Folders of released models of every kind: `weights.safetensors` and `config.json`; nothing is ever unpickled."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError

from screening.checksums import CHECKSUM, SHOWN, checksum_fails, file_sha256, with_checksum
from screening.errors import RequestError
from screening.files import atomic_path, remove_leftovers, write_text_atomic
from screening.resources import resource

logger = logging.getLogger(__name__)

WEIGHTS, CONFIG, CARD = "weights.safetensors", "config.json", "MODEL_CARD.md"
WEIGHTS_SHA256 = "weights_sha256"
"""The entry of the config with the hash of the weights."""
SUMS = "SHA256SUMS"
"""The file beside the releases that come with the package, with the hashes of all of them."""
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
        weights = file_sha256(part)
    if card is not None:
        write_text_atomic(folder / CARD, card)
    write_text_atomic(folder / CONFIG, config_text(config, weights))


def config_text(config: Mapping[str, Any], weights_sha256: str) -> str:
    """The content of `config.json`, with the hash of the weights and a checksum of its own."""
    complete = with_checksum({**config, WEIGHTS_SHA256: weights_sha256})
    return json.dumps(complete, indent=2, ensure_ascii=False) + "\n"


def read_release_config(folder: Path, key: str, format: object) -> Mapping[str, Any]:
    """The config of a release.

    Args:
        folder: Of the release.
        key: The setting that named it.
        format: What its entry `format` must be.

    Raises:
        RequestError: Naming key and file, if it is not readable, of another format, or not as it was written.
    """
    file = folder / CONFIG
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # also a number of thousands of digits, deep nesting
        raise RequestError(f"{key}: {file}: not readable JSON ({error})") from None
    if not isinstance(raw, Mapping) or raw.get("format") != format:
        raise RequestError(f"{key}: {file}: expected a release of format {format}")
    _check(file, key)
    if checksum_fails(raw):
        raise RequestError(
            f"{key}: {file}: its entries do not have the checksum {str(raw[CHECKSUM])[:SHOWN]}... that it says: it was "
            f"changed or damaged; copy the model again, or delete its entry {CHECKSUM!r} if you meant the change"
        )
    return raw


def read_release_weights(folder: Path, key: str, config: Mapping[str, Any], load: Callable[[Path], Tensors]) -> Tensors:
    """The weights of a release, as safetensors' `load` gives them.

    Args:
        folder: Of the release.
        key: The setting that named it.
        config: Of the release, with the hash that the weights must have; without one there is a warning.
        load: Reads the file.

    Raises:
        RequestError: Naming key and file, if it is missing, damaged, or not what was written.
    """
    file = folder / WEIGHTS
    try:
        loaded = load(file)
        known = config.get(WEIGHTS_SHA256)
        if known is None:
            logger.warning(
                "%s has no hash of its weights (written by an earlier version): a change cannot be seen", file
            )
        _check(file, key, known)
        return loaded
    except FileNotFoundError:
        raise RequestError(f"{key}: {file} is missing") from None
    except (SafetensorError, OSError) as error:
        raise RequestError(
            f"{key}: {file} is truncated or not a safetensors file ({error}); pickled files are not loaded"
        ) from None


def _check(file: Path, key: str, known: object = None) -> None:
    """Compare a file with its hash and, where it comes with the package, with that in the package's list."""
    found = file_sha256(file)
    for expected in {known, _shipped().get(file.resolve())} - {None, found}:
        raise RequestError(
            f"{key}: {file} is not what was written: its SHA-256 is {found[:SHOWN]}... instead of "
            f"{str(expected)[:SHOWN]}...; copy the model again"
        )


@cache
def _shipped() -> dict[Path, str]:
    """File -> hash of the releases that come with the package."""
    models = resource("models").resolve()
    try:
        lines = (models / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RequestError(f"{models / SUMS}: cannot be read ({error.strerror}); install the package again") from None
    pairs = (line.partition("  ") for line in lines)
    return {models / name: digest for digest, _, name in pairs}
