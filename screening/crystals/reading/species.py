"""Which element a species in an input is."""

from __future__ import annotations

import re

from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.crystals.reading.parts import UnreadableError

_ISOTOPES = {"D": 1, "T": 1}
_SPECIES = re.compile(r"([A-Z][a-z]?)(?:\d*\.?\d*[+-]|[+-]\d+\.?\d*)?(?:,.*)?")
_LONGEST = 100


def atomic_number(species: str | int) -> int:
    """Atomic number of `Fe`, `Fe3+`, `O2-`, `D` or 26.

    Raises:
        UnreadableError: It is anything else.
    """
    if isinstance(species, int) and not isinstance(species, bool) and 0 < species < len(SYMBOLS):
        return species
    text = str(species) if not isinstance(species, str) else species
    match = _SPECIES.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    number = (ATOMIC_NUMBERS.get(match[1]) or _ISOTOPES.get(match[1])) if match else None
    if number is None:
        raise UnreadableError(f"'{text[:40]}' is not an element")
    return number
