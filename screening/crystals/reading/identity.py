"""Unique ids for everything that was read, and detection of duplicates."""

from __future__ import annotations

import unicodedata
from itertools import count

_MAX_ID_LENGTH = 200
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
_DIRECTION_MARKS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """Text that is safe in tables and terminals: control characters and direction marks become U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        "\ufffd" if unicodedata.category(character) in _UNPRINTABLE or character in _DIRECTION_MARKS else character
        for character in text
    )


class Register:
    """Ids and hashes seen so far. It takes about 300 bytes a crystal; no other memory grows with the input."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._first: dict[int, str] = {}

    def identify(self, wanted: str, source: str) -> str:
        """A unique id: the wanted one if it is free, else the source, else the source with a number."""
        wanted, source = printable(wanted)[:_MAX_ID_LENGTH], printable(source)
        candidate = wanted or source
        if candidate in self._ids:
            candidate = source or wanted
        if candidate in self._ids:
            base = candidate
            candidate = next(name for n in count(2) if (name := f"{base}#{n}") not in self._ids)
        self._ids.add(candidate)
        return candidate

    def duplicate(self, digest: int, candidate_id: str) -> str:
        """Why a crystal is refused as a duplicate, with the id of the first one; empty if it is new."""
        first = self._first.setdefault(digest, candidate_id)
        same = "same lattice, species and positions"
        return "" if first == candidate_id else f"exact duplicate of {first} ({same})"
