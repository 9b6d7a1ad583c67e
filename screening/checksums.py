"""Hashes that tell whether bytes are still what was written: of files, of JSON objects and of our own code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

CHECKSUM = "checksum"
"""The entry of a JSON object that holds the SHA-256 of all its other entries."""
SHOWN = 12
"""Digits of a hash in a message."""

_PACKAGE = Path(__file__).resolve().parent


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def with_checksum(content: Mapping[str, Any]) -> dict[str, Any]:
    """The same JSON object with the entry `checksum`, which tells whether another entry was changed later."""
    return {**content, CHECKSUM: _digest(content)}


def checksum_fails(content: Mapping[str, Any]) -> bool:
    """Whether an object that was read says another checksum than its entries have; one without any never fails."""
    return CHECKSUM in content and content[CHECKSUM] != _digest(content)


@cache
def code_sha256(*places: str) -> str:
    """SHA-256 of the source of some of our modules: what they computed earlier may differ if theirs differs.

    Args:
        places: Folders or files below the package, such as `graphs` or `crystals/packed.py`.
    """
    files = sorted({file for place in places for file in _sources(_PACKAGE / place)})
    lines = [f"{file.relative_to(_PACKAGE).as_posix()} {file_sha256(file)}\n" for file in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _sources(place: Path) -> list[Path]:
    found = [place] if place.is_file() else list(place.rglob("*.py"))
    if not found:
        raise FileNotFoundError(place)
    return found


def _digest(content: Mapping[str, Any]) -> str:
    others = {key: value for key, value in content.items() if key != CHECKSUM}
    # As it will be read: keys are text then, tuples are lists, and some writers have null for what is not finite.
    as_read = json.loads(json.dumps(others), parse_constant=lambda _: None)
    return hashlib.sha256(json.dumps(as_read, sort_keys=True).encode()).hexdigest()
