"""What flows between the stages of reading: one part of an input goes in, exactly one outcome comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from screening.crystals.sites import Sites


class UnreadableError(ValueError):
    """The text of an input does not describe a crystal; the message says why."""


@dataclass(frozen=True)
class Part:
    """One crystal's worth of input.

    kind: `cif`, `poscar`, `xyz` (bytes), `row` (the bytes of a JSON object, or the object), `sites` (already decoded).
    source: where it is, as shown to users; stem: its id if it has none of its own.
    flags: remarks that it carries already. reason: not empty if the input was refused before its content was looked at.
    charged: of an insertion pair, the charged crystal that lies beside it.
    """

    kind: str
    source: str
    stem: str
    data: bytes | Mapping[str, Any] | Sites = b""
    reason: str = ""
    flags: tuple[str, ...] = ()
    charged: Part | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a part: a crystal (`sites` set) or a refusal (`stage` and `reason` set)."""

    own_id: str = ""
    sites: Sites | None = None
    digest: int = 0
    flags: tuple[str, ...] = ()
    stage: str = ""
    reason: str = ""
