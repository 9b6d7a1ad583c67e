"""Parts of an input, and the outcome of each: a crystal or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from screening.crystals.read_settings import ReadSettings
from screening.crystals.sites import Sites

OUT_OF_MEMORY = "its reader ran out of memory"


class UnreadableError(ValueError):
    """The input does not describe a crystal; the message says why."""


def refuse_many(atoms: int, settings: ReadSettings) -> None:
    """Refuse a large cell before time is spent on it.

    Raises:
        UnreadableError: It has more atoms than the limit.
    """
    if atoms > settings.max_atoms:
        raise UnreadableError(f"{atoms} atoms, more than the limit of {settings.max_atoms}")


@dataclass(frozen=True)
class Part:
    """The part of an input that describes one crystal.

    Attributes:
        kind: `cif`, `poscar` or `xyz` (bytes), `row` (a JSON object or its bytes), or `sites` (decoded already).
        source: Where it is, as shown to users.
        stem: Its id if the input does not have one.
        data: The content.
        reason: Why it was refused before its content was examined; empty if it was not.
        flags: Flags that it has already.
        charged: The charged crystal beside it, if it is one of an insertion pair.
        own_id: An id that goes before any in the content.
    """

    kind: str
    source: str
    stem: str
    data: bytes | Mapping[str, Any] | Sites = b""
    reason: str = ""
    flags: tuple[str, ...] = ()
    charged: Part | None = None
    own_id: str = ""


@dataclass(frozen=True)
class Outcome:
    """The result for a part: a crystal (`sites` is set) or a refusal (`stage` and `reason` are set)."""

    own_id: str = ""
    sites: Sites | None = None
    digest: int = 0
    flags: tuple[str, ...] = ()
    stage: str = ""
    reason: str = ""
