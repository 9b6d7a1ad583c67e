"""Numbers as text files have them: strictly, because a wrong number is a wrong crystal."""

from __future__ import annotations

import re

from screening.crystals.reading.parts import UnreadableError

_REAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eEdD][+-]?[0-9]{1,3})?")
_LONGEST = 60


def is_number(text: str) -> bool:
    """Whether a word is a finite number, perhaps with Fortran's exponent (`1.0D0`)."""
    return len(text) <= _LONGEST and _REAL.fullmatch(text) is not None


def real(text: str, where: str) -> float:
    """The number that a word is.

    Args:
        text: One word.
        where: What it is part of, for the message.

    Raises:
        UnreadableError: It is not a number.
    """
    if not is_number(text):
        raise UnreadableError(f"{where}: '{text[:40]}' is not a number")
    return float(text.replace("D", "e").replace("d", "e"))
